import TraceFilters
import TraceReports
import Traces
import XRayModel

extension XRayService {
  /// Taking documents and answering for traces.
  static let traceOperations = [
    Operation(
      "PutTraceSegments", "/TraceSegments",
      reading: { service, body in try await service.put(DocumentBatch(api: body)) }),

    Operation("BatchGetTraces", "/Traces") { service, input in
      let ids = try input.traceIDs(atMost: 5, "Exceeding maximum query size: 5")
      try input.refuseToken()
      let traces = try await service.traces(ids)
      let known = Set(traces.map(\.id))
      return .object { writer in
        writer.key("Traces")
        writer.array { writer in for trace in traces { BatchGetTracesExport.write(trace, to: &writer) } }
        writer.key("UnprocessedTraceIds")
        writer.array { writer in for id in ids where !known.contains(id) { writer.string(id.description) } }
      }
    },

    Operation("GetTraceSummaries", "/TraceSummaries") { service, input in
      try await SummaryQuery(input, groups: service.settings.current.groups).answer(from: service.store)
    },

    Operation("GetTraceGraph", "/TraceGraph") { service, input in
      let ids = try input.traceIDs(atMost: 5, "Exceeding maximum query size: 5")
      guard !ids.isEmpty else { throw APIError.invalidRequest("Zero trace ids provided") }
      try input.refuseToken()
      let traces = try await service.store.traces(ids)
      guard traces.count == ids.count else { throw APIError.invalidRequest("Trace id not found") }
      return .object { ServiceGraph(of: traces).writeServices(to: &$0, withTimes: false) }
    },

    Operation("GetServiceGraph", "/ServiceGraph") { service, input in
      let range = try input.timeRange(atMost: service.limits.graphRange)
      let settings = service.settings.current
      let group = try settings.group(in: input)
      try input.refuseToken()
      let graph = try await service.graph(of: group, settings.groups, in: range)
      return .object { graph.writeMembers(to: &$0) }
    },

    Operation("GetTimeSeriesServiceStatistics", "/TimeSeriesServiceStatistics") { service, input in
      try await TimeSeriesQuery(input, settings: service.settings.current).answer(from: service.store)
    },
  ]

  /// Stores documents and tells which were refused. Returns when the others are on disk.
  func put(_ batch: DocumentBatch) async throws -> JSONWriter {
    guard !batch.isEmpty else { throw APIError.invalidRequest("Segments can not be empty") }
    let outcomes = try await store.put(batch)
    return .object { writer in
      writer.key("UnprocessedTraceSegments")
      writer.array { writer in for outcome in outcomes { outcome.write(to: &writer) } }
    }
  }

  /// A few traces, in the order asked. They mostly lie in different parts of the store, so two parts are opened at once.
  private func traces(_ ids: [TraceID]) async throws -> [Trace] {
    let half = (ids.count + 1) / 2
    async let first = store.traces(Array(ids[..<half]))
    async let second = half < ids.count ? store.traces(Array(ids[half...])) : []
    return try await first + second
  }

  /// The graph of a group's traces; of all traces without one.
  func graph(of group: TraceGroup?, _ groups: [TraceGroup], in range: Range<Timestamp>) async throws -> ServiceGraph {
    try await Self.graph(of: group, groups, in: range, from: store)
  }

  static func graph(
    of group: TraceGroup?, _ groups: [TraceGroup], in range: Range<Timestamp>, from store: any FilteringTraceStore
  ) async throws -> ServiceGraph {
    guard let expression = group?.expression else { return try await store.serviceGraph(in: range) }
    return try await store.serviceGraph(in: range, matching: TraceFilter(api: expression, groups: groups))
  }
}

extension DocumentBatch {
  /// The documents of a call; they are read in place, for calls are many and long.
  fileprivate init(api body: [UInt8]) throws(APIError) {
    do throws(ReadingError) {
      try self.init(readingPutTraceSegments: body.span)
    } catch {
      switch error {
      case .malformed(let error): throw APIError.serialization("The body cannot be read: \(error)")
      case .wrongType: throw APIError.serialization("TraceSegmentDocuments must be an array of strings")
      case .missing: _ = try Fields([:]).require("TraceSegmentDocuments", nil as [String]?)
      }
      self.init()
    }
  }
}

extension SegmentOutcome {
  /// Writes an entry of `UnprocessedTraceSegments`, or nothing.
  fileprivate func write(to writer: inout JSONWriter) {
    let (id, code, message): (String?, String, String)
    switch self {
    case .stored: return
    case .unprocessed(let rejection): (id, code, message) = (rejection.id, rejection.code.rawValue, rejection.message)
    case .deferred(let reason, let text): (id, code, message) = (nil, reason, text)
    }
    writer.object { writer in
      if let id { writer.member("Id", id) }
      writer.member("ErrorCode", code)
      writer.member("Message", message)
    }
  }
}

extension TraceFilter {
  /// - Throws: An `InvalidRequestException` that tells what is wrong with the expression, and where.
  init(api expression: String, groups: [TraceGroup]) throws(APIError) {
    let parsed: FilterExpression
    do throws(FilterError) {
      parsed = try FilterExpression(parsing: expression)
    } catch {
      throw APIError.invalidRequest("Invalid filter expression, column \(error.column): \(error.reason)")
    }
    do throws(GroupError) {
      try self.init(parsed) { reference in
        let group = groups.first { group in
          switch reference {
          case .name(let name): group.name == name
          case .arn(let arn): group.arn == arn
          }
        }
        return group.flatMap { $0.expression.map { try? FilterExpression(parsing: $0) } ?? .all }
      }
    } catch {
      throw APIError.invalidRequest("Invalid filter expression: \(error)")
    }
  }
}
