// Ten thousand times everything is made, used and freed: memory stays as it was.
#include <cinttypes>
#include <fstream>
#include <stdexcept>
#include <unistd.h>

#include "rig.hpp" // last: cmocka has a macro by the name of a function of streams

static std::int64_t resident() {
  std::ifstream file("/proc/self/statm");
  std::int64_t all = 0, pages = 0;
  file >> all >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

static void cycle(museum &rows) {
  cascade::context_options heard;
  heard.log_level = CASCADE_LOG_DEBUG;
  heard.log = [](std::int32_t, std::string_view) {};
  const cascade::context context(heard);
  const auto connection = rows.connect(context);
  const auto graph = cascade::graph::read(connection);
  const cascade::policy policy(graph);
  const auto ada = cascade::selection::integers(graph, "agent", {1});
  const auto bo = cascade::selection::integers(graph, "agent", {2});
  for (const auto &page : cascade::blockers(connection, policy, ada)) assert_false(page.keys().empty());
  assert_int_equal(status_of([&] { cascade::purge(connection, policy, bo); }), CASCADE_BLOCKED);
  cascade::purge_options options;
  options.after_batch = [](cascade::deleted_tables) -> bool { throw std::runtime_error("no"); };
  cascade::purge purge(connection, policy, ada, options);
  assert_string_equal(thrown<std::runtime_error>([&] { purge.next(); }).c_str(), "no");
}

static void memory_stays(void **) {
  museum rows;
  for (int i = 0; i < 1000; i++) cycle(rows);
  const auto before = resident();
  for (int i = 0; i < 10000; i++) cycle(rows);
  const auto grown = resident() - before;
  if (grown > 1 << 20) fail_msg("%" PRId64 " bytes more after 10,000 cycles", grown);
}

int main() {
  const CMUnitTest tests[] = {cmocka_unit_test(memory_stays)};
  return cmocka_run_group_tests_name("C++ cycles", tests, nullptr, nullptr);
}
