/**
 * @file cascade.hpp
 * @brief libcascade for C++17 and later: headers only, over the C interface.
 *
 * @code{.cpp}
 * cascade::context context;
 * auto connection = cascade::connection::open(context, "sqlite:museum.db");
 * auto graph = cascade::graph::read(connection);
 * cascade::policy policy(graph);
 * auto agents = cascade::selection::integers(graph, "agent", {7, 12});
 *
 * for (const auto &page : cascade::blockers(connection, policy, agents))
 *   std::cout << policy.relation(page.relation()).label() << ": " << page.keys().size() << "\n";
 * cascade::purge purge(connection, policy, agents);
 * for (const auto &batch : purge) std::cout << batch.total_deleted << " rows gone\n";
 * @endcode
 *
 * Every call that fails throws cascade::error; given a cascade::failure as its last argument it fills that in instead. Objects own
 * what they stand for, are moved and not copied, and may go in any order. Constants, and structs that hold numbers only, are those
 * of C.
 */
#ifndef CASCADE_HPP
#define CASCADE_HPP

#include <cascade/cpp/archive.hpp>
#include <cascade/cpp/base.hpp>
#include <cascade/cpp/blockers.hpp>
#include <cascade/cpp/connection.hpp>
#include <cascade/cpp/fill.hpp>
#include <cascade/cpp/graph.hpp>
#include <cascade/cpp/outbox.hpp>
#include <cascade/cpp/policy.hpp>
#include <cascade/cpp/purge.hpp>
#include <cascade/cpp/queue.hpp>
#include <cascade/cpp/throttle.hpp>
#include <cascade/cpp/value.hpp>

#endif
