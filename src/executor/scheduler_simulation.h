// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "executor/scheduler.h"

namespace capillaryx {

/// A world for a Scheduler: workers, messages, an object store and faults, in virtual time. Chances lie in 0..1.
struct SimulationOptions {
  using Time = SchedulerLimits::Time;

  std::uint64_t seed = 1;
  std::int64_t frames = 1000;
  SchedulerLimits limits;

  Time frame_time = std::chrono::milliseconds(20);  ///< mean; exponentially spread by frame_variation
  double frame_variation = 0.2;                     ///< share of the mean that varies
  Time start_time = std::chrono::milliseconds(300);
  Time message_time = std::chrono::microseconds(20);
  Time driver_time{0};      ///< that the driver needs for one frame, dispatch and result; it does one thing at a time
  Time source_interval{0};  ///< between two frames; 0: as fast as they are asked for

  double death = 0;               ///< of a worker, at each frame
  double hang = 0;                ///< of a worker, at each frame
  double idle_death = 0;          ///< of a worker, between two frames
  double failed_start = 0;        ///< of a worker that is started
  double late = 0;                ///< of a message; it takes up to a second
  double lost = 0;                ///< of a message
  std::int64_t poison_every = 0;  ///< every N-th frame kills each worker that tries it
  std::int64_t store_slots = 0;   ///< frames that the object store holds (0: no limit)
};

struct SimulationReport {
  std::int64_t ok = 0;
  std::int64_t failed = 0;
  std::int64_t dropped = 0;
  std::int64_t retries = 0;
  std::int64_t deaths = 0;
  std::int64_t events = 0;
  std::int64_t most_undelivered = 0;
  SimulationOptions::Time ended{0};
  std::string fatal;      ///< what the scheduler ended the run with
  std::string violation;  ///< what broke a promise; empty where all were kept
};

/// Runs the scheduler to the end of its frames and checks, at every step: each frame has exactly one result, none is
/// lost, results come in order, a frame is given up only after its last attempt, a worker gets work only while it is
/// ready, memory stays within the limits, and something always goes on. The same options give the same report.
SimulationReport simulate(const SimulationOptions& options);

/// The options of a random, hostile world.
SimulationOptions random_world(std::uint64_t seed);

}  // namespace capillaryx
