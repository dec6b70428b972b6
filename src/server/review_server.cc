// SPDX-License-Identifier: Apache-2.0
#include "server/review_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "capillaryx/error.h"
#include "corrections/journal.h"
#include "server/review_data.h"
#include "server/review_files.h"

namespace capillaryx {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostBodyBytes = 1 << 20;
constexpr unsigned kMostConnections = 400;
constexpr std::size_t kConnectionBytes = 16 << 10;  // headers are within it
constexpr unsigned kIdleS = 10;
constexpr std::chrono::seconds kLongestRequest{30};
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri "
    "'none'; "
    "form-action 'none'; frame-ancestors 'none'";

std::string random_hex() {
  std::array<unsigned char, 24> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw Error(ErrorKind::kInternal, "no random numbers from the system");
  }
  std::string text;
  for (const unsigned char each : bytes) {
    text += "0123456789abcdef"[each >> 4];
    text += "0123456789abcdef"[each & 15];
  }
  return text;
}

/// In a time that does not depend on where they differ.
bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char differ = 0;
  for (std::size_t i = 0; i < a.size(); ++i) differ |= static_cast<unsigned char>(a[i] ^ b[i]);
  return differ == 0;
}

struct Answer {
  unsigned status = 200;
  std::string type = "application/json";
  std::string body;
  std::optional<ReviewData::Picture> picture;  ///< instead of `body`
  std::string cookie, location;
};

Answer refusal(unsigned status, const std::string& why) {
  Answer answer;
  answer.status = status;
  answer.body = json{{"error", why}}.dump();
  return answer;
}

/// One request while it comes in.
struct Request {
  Clock::time_point start = Clock::now();
  std::string body;
};

}  // namespace

struct ReviewServer::State {
  explicit State(const ReviewOptions& options)
      : data(options.results, options.reviewer, options.blind),
        journal(options.results, options.reviewer, data.run()),
        reviewer(options.reviewer) {}
  ~State() {
    if (daemon != nullptr) MHD_stop_daemon(daemon);
    for (const int each : closed) {
      if (each >= 0) ::close(each);
    }
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  static std::string header(MHD_Connection* connection, const char* name) {
    const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value != nullptr ? value : "";
  }
  static std::optional<std::int64_t> number(MHD_Connection* connection, const char* name) {
    const char* text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
    if (text == nullptr) return std::nullopt;
    std::int64_t value = 0;
    const char* const end = text + std::strlen(text);
    const auto [stop, error] = std::from_chars(text, end, value);
    if (error != std::errc() || stop != end || value < 0) return std::nullopt;
    return value;
  }

  /// What is wrong with a request before its body is read.
  std::optional<Answer> refuse(MHD_Connection* connection, std::string_view method, std::string_view path) {
    const std::string host = header(connection, "Host");
    if (host != authority && host != "localhost:" + std::to_string(port)) return refusal(421, "another host");
    if (method != "GET" && method != "POST") return refusal(405, "GET or POST");
    const std::string origin = header(connection, "Origin");
    if (!origin.empty() && origin != "http://" + host) return refusal(403, "another origin");
    const std::string site = header(connection, "Sec-Fetch-Site");
    if (path != "/" && !site.empty() && site != "same-origin" && site != "none") return refusal(403, "another site");
    if (method == "GET" && path == "/" &&
        MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token") != nullptr) {
      return std::nullopt;
    }
    const char* cookie = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND, cookie_name().c_str());
    if (cookie == nullptr || session.empty() || !same_secret(cookie, session)) {
      return refusal(403, "no session: start capillaryx review and open the address that it prints");
    }
    if (method == "GET") return std::nullopt;
    if (origin.empty()) return refusal(403, "no origin");
    const std::string type = header(connection, "Content-Type");
    if (type != "application/json" && !type.starts_with("application/json;")) return refusal(415, "application/json");
    if (header(connection, "X-CapillaryX") != "1") return refusal(403, "the header X-CapillaryX is missing");
    const std::string length = header(connection, "Content-Length");
    if (length.size() > 9 || (!length.empty() && std::strtoull(length.c_str(), nullptr, 10) > kMostBodyBytes)) {
      return refusal(413, "at most 1 MB");
    }
    return std::nullopt;
  }

  /// Cookies are those of a host whatever the port: two reviews side by side need two names.
  std::string cookie_name() const { return "capillaryx_review_" + std::to_string(port); }

  Answer open_session(std::string_view given) {
    if (token.empty() || !same_secret(given, token)) {
      return refusal(403, "this address was used already: start capillaryx review again");
    }
    token.clear();
    session = random_hex();
    Answer answer;
    answer.status = 303;
    answer.location = "/";
    answer.cookie = cookie_name() + "=" + session + "; HttpOnly; SameSite=Strict; Path=/";
    return answer;
  }

  Answer get(MHD_Connection* connection, std::string_view path) {
    if (path == "/") {
      const char* given = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token");
      if (given != nullptr) return open_session(given);
      return file("review.html", "text/html; charset=utf-8");
    }
    if (path == "/review.js") return file("review.js", "text/javascript; charset=utf-8");
    if (path == "/review.css") return file("review.css", "text/css; charset=utf-8");
    Answer answer;
    if (path == "/favicon.ico") {
      answer.status = 204;
      return answer;
    }
    if (path == "/api/run") {
      answer.body =
          json{{"reviewer", reviewer}, {"run", data.run()}, {"blind", data.blind()}, {"items", data.size()}}.dump();
      return answer;
    }
    if (path == "/api/items") {
      answer.body = data.items();
      return answer;
    }
    if (path == "/api/corrections") {
      answer.body = json{{"records", journal.content().records}, {"last_hash", journal.content().last_hash}}.dump();
      return answer;
    }
    const auto id = number(connection, "id");
    if (!id) return refusal(404, "nothing is here");
    if (path == "/api/item") {
      const auto found = data.item(static_cast<std::size_t>(*id), number(connection, "reveal") == 1);
      if (!found) return refusal(404, "no such item");
      answer.body = *found;
      return answer;
    }
    if (path == "/api/picture") {
      answer.picture = data.picture(static_cast<std::size_t>(*id), number(connection, "page"));
      if (!answer.picture) return refusal(404, "no picture: analyse with --pictures all before the inputs move");
      answer.type = answer.picture->type;
      return answer;
    }
    return refusal(404, "nothing is here");
  }

  Answer post(std::string_view path, const std::string& body) {
    json sent = parse_untrusted(body);
    if (!sent.is_object()) return refusal(400, "not a JSON object");
    Answer answer;
    answer.body = "{}";
    if (path == "/api/close") {
      [[maybe_unused]] const ssize_t ignored = ::write(closed[1], "x", 1);
      return answer;
    }
    if (path != "/api/corrections") return refusal(404, "nothing is here");
    if (!sent.contains("records") || !sent["records"].is_array()) return refusal(400, "no records");
    try {
      journal.append(std::move(sent["records"].get_ref<json::array_t&>()));
    } catch (const RefusedRecord& refused) {
      return refusal(static_cast<unsigned>(refused.status()), refused.what());
    } catch (const Error& error) {
      return refusal(507, error.what());
    }
    answer.body = json{{"seq", journal.content().records.size()}, {"last_hash", journal.content().last_hash}}.dump();
    return answer;
  }

  static Answer file(std::string_view name, const char* type) {
    for (const FrontendFile& each : review_files()) {
      if (each.name != name) continue;
      Answer answer;
      answer.type = type;
      answer.body.assign(each.content);
      return answer;
    }
    return refusal(404, "nothing is here");
  }

  static MHD_Result send(MHD_Connection* connection, Answer answer) {
    MHD_Response* response = nullptr;
    if (answer.picture) {
      const int copy = ::fcntl(answer.picture->file->descriptor(), F_DUPFD_CLOEXEC, 3);
      if (copy < 0) return MHD_NO;
      response = MHD_create_response_from_fd64(static_cast<std::uint64_t>(answer.picture->bytes), copy);
    } else {
      response = MHD_create_response_from_buffer(answer.body.size(), answer.body.data(), MHD_RESPMEM_MUST_COPY);
    }
    if (response == nullptr) return MHD_NO;
    MHD_add_response_header(response, "Content-Type", answer.type.c_str());
    MHD_add_response_header(response, "Content-Security-Policy", kPolicy);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    MHD_add_response_header(response, "Cache-Control", "no-store");
    if (!answer.cookie.empty()) MHD_add_response_header(response, "Set-Cookie", answer.cookie.c_str());
    if (!answer.location.empty()) MHD_add_response_header(response, "Location", answer.location.c_str());
    if (answer.status == 413) MHD_add_response_header(response, "Connection", "close");
    const MHD_Result result = MHD_queue_response(connection, answer.status, response);
    MHD_destroy_response(response);
    return result;
  }

  static MHD_Result on_request(void* self, MHD_Connection* connection, const char* url, const char* method,
                               const char* /*version*/, const char* upload, std::size_t* upload_bytes, void** kept) {
    try {
      return static_cast<State*>(self)->handle(connection, url, method, upload, upload_bytes, kept);
    } catch (const Error& error) {
      return send(connection, refusal(500, error.what()));
    } catch (const std::exception& error) {
      return send(connection, refusal(500, std::string("internal: ") + error.what()));
    }
  }

  MHD_Result handle(MHD_Connection* connection, const char* url, const char* method, const char* upload,
                    std::size_t* upload_bytes, void** kept) {
    auto* request = static_cast<Request*>(*kept);
    if (request == nullptr) {  // its headers are here
      *kept = new Request();
      if (auto refused = refuse(connection, method, url)) return send(connection, std::move(*refused));
      return MHD_YES;
    }
    if (*upload_bytes > 0) {
      if (std::string_view(method) != "POST") return MHD_NO;
      if (request->body.size() + *upload_bytes > kMostBodyBytes) return MHD_NO;
      if (Clock::now() - request->start > kLongestRequest) return MHD_NO;
      request->body.append(upload, *upload_bytes);
      *upload_bytes = 0;
      return MHD_YES;
    }
    const bool is_get = std::string_view(method) == "GET";
    return send(connection, is_get ? get(connection, url) : post(url, request->body));
  }

  static void on_completed(void* /*self*/, MHD_Connection* /*connection*/, void** kept, MHD_RequestTerminationCode) {
    delete static_cast<Request*>(*kept);
    *kept = nullptr;
  }

  ReviewData data;
  CorrectionsJournal journal;
  std::string reviewer;
  std::string token = random_hex(), session, authority;
  std::uint16_t port = 0;
  std::array<int, 2> closed{-1, -1};
  MHD_Daemon* daemon = nullptr;
};

ReviewServer::ReviewServer(const ReviewOptions& options) : state_(std::make_unique<State>(options)) {
  if (::pipe2(state_->closed.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    throw Error(ErrorKind::kInternal, std::string("no pipe: ") + std::strerror(errno));
  }
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(options.port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  state_->daemon =
      MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, options.port, nullptr, nullptr, &State::on_request, state_.get(),
                       MHD_OPTION_SOCK_ADDR, reinterpret_cast<sockaddr*>(&where), MHD_OPTION_CONNECTION_LIMIT,
                       kMostConnections, MHD_OPTION_CONNECTION_TIMEOUT, kIdleS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                       kConnectionBytes, MHD_OPTION_NOTIFY_COMPLETED, &State::on_completed, nullptr, MHD_OPTION_END);
  if (state_->daemon == nullptr) {
    throw Error(ErrorKind::kUsage,
                "port " + std::to_string(options.port) + " is in use; leave --port out for a free one");
  }
  const MHD_DaemonInfo* info = MHD_get_daemon_info(state_->daemon, MHD_DAEMON_INFO_BIND_PORT);
  state_->port = info->port;
  state_->authority = "127.0.0.1:" + std::to_string(state_->port);
}

ReviewServer::~ReviewServer() = default;

std::string ReviewServer::address() const { return "http://" + state_->authority + "/?token=" + state_->token; }

int ReviewServer::closed_descriptor() const { return state_->closed[0]; }

}  // namespace capillaryx
