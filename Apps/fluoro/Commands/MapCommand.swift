import ArgumentParser
import TraceFilters
import TraceReports
import Traces
import XRayModel

struct MapCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "map",
    abstract: "Show the services, who calls whom, how fast and how often in vain.",
    discussion: """
      With --json it has the form of X-Ray's GetServiceGraph.

      EXAMPLES:
        fluoro map
        fluoro map --since 1h --json
        fluoro map --filter 'service("orders") { fault }'
        fluoro export --format svg --output map.svg     as a picture
      """)

  @OptionGroup var range: RangeOptions
  @OptionGroup var filter: FilterOption
  @OptionGroup var store: StoreOptions
  @OptionGroup var output: JSONOption

  func run() async throws {
    let range = range.range(now: SystemClock().now)
    let store = try store.openForReading()
    let graph =
      if let filter = try filter.filter() {
        try await store.serviceGraph(in: range, matching: filter)
      } else {
        try await store.serviceGraph(in: range)
      }
    try await store.close()
    if output.json {
      var writer = JSONWriter(pretty: true)
      graph.write(to: &writer)
      try Output().writeLine(writer.text)
    } else {
      try Output().write(TextServiceMap(graph, width: Console.width, isColored: Console.isColored).text)
    }
  }
}
