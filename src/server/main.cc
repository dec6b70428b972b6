// SPDX-License-Identifier: Apache-2.0
// capillaryx-review RESULTS REVIEWER PORT [blind]: what `capillaryx review` starts. Not for people.
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string_view>

#include "capillaryx/error.h"
#include "server/review_server.h"

int main(int argc, char** argv) {
  try {
    if (argc < 4) throw capillaryx::Error(capillaryx::ErrorKind::kUsage, "start it by capillaryx review");
    capillaryx::ReviewOptions options;
    options.results = argv[1];
    options.reviewer = argv[2];
    options.port = static_cast<std::uint16_t>(std::strtoul(argv[3], nullptr, 10));
    options.blind = argc > 4 && std::string_view(argv[4]) == "blind";
    // Blocked in every thread: the signals are read.
    sigset_t ends;
    sigemptyset(&ends);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&ends, signal);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    const int signals = ::signalfd(-1, &ends, SFD_CLOEXEC);
    const capillaryx::ReviewServer server(options);
    fmt::print(
        "Open this address in a browser on this computer (it works once):\n{}\nCtrl-C ends the review. Research use "
        "only, not for diagnosis.\n",
        server.address());
    std::fflush(stdout);
    std::array<pollfd, 2> waited{pollfd{signals, POLLIN, 0}, pollfd{server.closed_descriptor(), POLLIN, 0}};
    while (::poll(waited.data(), waited.size(), -1) < 0 && errno == EINTR) {
    }
    if (waited[1].revents != 0) ::usleep(200'000);  // the page's answer goes out
    return 0;
  } catch (const capillaryx::Error& error) {
    fmt::print(stderr, "capillaryx: {}\n", error.what());
    return error.kind() == capillaryx::ErrorKind::kUsage ? 2 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "capillaryx: {}\n", error.what());
    return 1;
  }
}
