// SPDX-License-Identifier: Apache-2.0
#include "os/machine.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

namespace capillaryx {
namespace {

// A machine's /proc/self/cgroup and /sys/fs/cgroup.
class Cgroup : public testing::Test {
 protected:
  Cgroup() : root_((std::filesystem::temp_directory_path() / "capillaryx_cgroup_XXXXXX").string()) {
    EXPECT_NE(::mkdtemp(root_.data()), nullptr);
  }
  ~Cgroup() override { std::filesystem::remove_all(root_); }

  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = root_ + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }

  std::string root_;
};

TEST_F(Cgroup, QuotaOfVersion2IsThatOfTheGroupAndOfThoseAboveIt) {
  EXPECT_FALSE(cgroup_cpus(root_));
  write("/proc/self/cgroup", "0::/user/job\n");
  EXPECT_FALSE(cgroup_cpus(root_));
  write("/sys/fs/cgroup/user/job/cpu.max", "max 100000\n");
  EXPECT_FALSE(cgroup_cpus(root_));
  write("/sys/fs/cgroup/user/job/cpu.max", "350000 100000\n");
  EXPECT_DOUBLE_EQ(cgroup_cpus(root_).value(), 3.5);
  write("/sys/fs/cgroup/user/cpu.max", "150000 100000\n");
  EXPECT_DOUBLE_EQ(cgroup_cpus(root_).value(), 1.5);
}

TEST_F(Cgroup, QuotaOfVersion1IsReadFromItsTwoFiles) {
  write("/proc/self/cgroup", "12:memory:/job\n4:cpu,cpuacct:/job\n1:name=systemd:/\n0::/\n");
  write("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us", "50000\n");
  write("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
  EXPECT_FALSE(cgroup_cpus(root_));
  write("/sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us", "100000\n");
  EXPECT_DOUBLE_EQ(cgroup_cpus(root_).value(), 2);
}

TEST_F(Cgroup, InAContainerTheRootOfTheMountIsTheGroup) {
  write("/proc/self/cgroup", "0::/docker/0123\n");
  write("/sys/fs/cgroup/cpu.max", "200000 100000\n");
  EXPECT_DOUBLE_EQ(cgroup_cpus(root_).value(), 2);
  write("/proc/self/cgroup", "0::/../other\n");
  EXPECT_DOUBLE_EQ(cgroup_cpus(root_).value(), 2);
}

TEST_F(Cgroup, NonsenseIsNoLimit) {
  write("/proc/self/cgroup", "0\n::::\n0::\n");
  write("/sys/fs/cgroup/cpu.max", "many few\n");
  EXPECT_FALSE(cgroup_cpus(root_));
}

TEST(UsableCpus, FollowTheAffinity) {
  std::thread narrowed([] {
    cpu_set_t all;
    ASSERT_EQ(::sched_getaffinity(0, sizeof all, &all), 0);
    int first = 0;
    while (!CPU_ISSET(first, &all)) ++first;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(usable_cpus(), 1);
  });
  narrowed.join();
  EXPECT_GE(usable_cpus(), 1);
}

}  // namespace
}  // namespace capillaryx
