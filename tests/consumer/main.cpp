// The same as main.c in C++.
#include <cascade.hpp>

#include <iostream>

int main(int count, char **arguments) {
  if (count != 2 || cascade::version() != CASCADE_VERSION) return 2;
  try {
    const cascade::context context;
    const auto connection = cascade::connection::open(context, arguments[1]);
    const auto graph = cascade::graph::read(connection);
    std::cout << connection.engine() << ": " << graph.tables().size() << " tables, " << graph.relations().size() << " relations\n";
  } catch (const cascade::error &why) {
    std::cerr << why.what() << "\n";
    return 1;
  }
}
