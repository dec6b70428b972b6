// SPDX-License-Identifier: Apache-2.0
// In place of OpenSeadragon, which needs a browser: tests/test_report.py tests the viewer in one.
export default {};
