// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace capillaryx {

struct ReviewOptions {
  std::filesystem::path results;
  std::string reviewer = "reviewer";
  bool blind = false;
  std::uint16_t port = 0;  ///< 0: any free one
};

/// Serves the review page of one output folder on 127.0.0.1 alone.
///
/// The address has a token that opens one session; the session is a cookie (HttpOnly, SameSite=Strict). Requests of
/// another host name, of another origin, without the cookie, over their limits or of another form are refused. Nothing
/// is served but the page, its data, and pictures of this folder's frames. Threads: requests are served one at a time
/// in its own thread.
class ReviewServer {
 public:
  /// Starts it. Throws Error: the folder, the journal of corrections, or the port.
  explicit ReviewServer(const ReviewOptions& options);
  ~ReviewServer();
  ReviewServer(const ReviewServer&) = delete;
  ReviewServer& operator=(const ReviewServer&) = delete;

  /// Where a browser opens it, once.
  std::string address() const;

  /// A descriptor that becomes readable when the page was closed.
  int closed_descriptor() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace capillaryx
