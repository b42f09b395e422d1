import Testing
import TraceFilters
import Traces
import XRayModel

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

@Suite struct `Expressions from documentation and public code` {
  private static let folder = ProcessInfo.processInfo.environment["FLUORO_CORPUS"].flatMap { $0.isEmpty ? nil : $0 }
  private static let condition = ConditionTrait.enabled(
    if: folder != nil, "FLUORO_CORPUS is not set: the tests against collected expressions are skipped")

  /// Each with whether it is valid.
  private func collected() throws -> [(text: String, isValid: Bool)] {
    let folder = try #require(Self.folder)
    let file = try String(contentsOf: URL(filePath: "\(folder)/filters/filters.tsv"), encoding: .utf8)
    return try file.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
      let fields = line.split(separator: "\t")
      return (try #require(try JSONValue(parsing: String(fields[3])).string), !fields[1].hasSuffix("x"))
    }
  }

  @Test(condition) func `are read, or refused where they are wrong`() throws {
    let collected = try collected()
    #expect(collected.count >= 69)
    for (text, isValid) in collected {
      if isValid {
        let expression = try FilterExpression(parsing: text)
        #expect(try FilterExpression(parsing: expression.description) == expression, "\(text)")
      } else {
        #expect(throws: FilterError.self, "\(text)") { try FilterExpression(parsing: text) }
      }
    }
  }

  /// The traces of recorded documents.
  private func recorded() throws -> [Trace] {
    let folder = URL(filePath: try #require(Self.folder)).appending(path: "segments")
    var documents: [TraceID: [Entity]] = [:]
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path()).sorted()
    where file.hasSuffix(".ndjson") {
      for line in try Data(contentsOf: folder.appending(path: file)).split(separator: 0x0A) {
        let bytes = Array(line)
        guard let entity = try? Entity(document: bytes.span), let id = entity.traceID else { continue }
        documents[id, default: []].append(entity)
      }
    }
    return documents.map { Trace(id: $0, compiling: $1) }
  }

  @Test(condition) func `find the nodes and edges of each recorded trace's graph, and no others`() throws {
    let traces = try recorded() + [failedOrder]
    #expect(traces.count > 5)
    for trace in traces {
      let graph = ServiceGraph(of: [trace])
      for service in graph.services {
        let id = selector(service.id)
        #expect(try matches("service(\(id))", trace))
        let isRoot = graph.services.contains { selects(service.id, $0.id) && $0.isRoot }
        #expect(try matches("service(\(id)) { root }", trace) == isRoot)
        #expect(try (service.statistics?.ok ?? 0) == 0 || matches("service(\(id)) { ok }", trace))
        #expect(try (service.statistics?.fault ?? 0) == 0 || matches("service(\(id)) { fault }", trace))
        for target in graph.services {
          let isEdge = graph.services.contains { source in
            selects(service.id, source.id)
              && source.edges.contains { !$0.isLink && selects(target.id, graph.services[$0.target].id) }
          }
          #expect(try matches("edge(\(id), \(selector(target.id)))", trace) == isEdge, "\(id) \(target.id)")
        }
      }
    }
  }

  /// Whether a selector with the name and the type of one service, as far as it has a type, selects another.
  private func selects(_ selector: ServiceID, _ service: ServiceID) -> Bool {
    selector.name == service.name && (selector.type == nil || selector.type == service.type)
  }

  private func selector(_ service: ServiceID) -> String {
    // No recorded name has a quote.
    "id(name: \"\(service.name)\"" + (service.type.map { ", type: \"\($0)\"" } ?? "") + ")"
  }
}
