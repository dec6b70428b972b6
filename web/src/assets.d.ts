// SPDX-License-Identifier: Apache-2.0
declare module "*.woff2" {
  const address: string;
  export default address;
}
declare module "*.css";
