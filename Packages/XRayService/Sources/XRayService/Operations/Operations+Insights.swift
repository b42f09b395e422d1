import Insights
import TraceReports
import Traces
import XRayModel

extension XRayService {
  /// Asking for what failed more often than expected.
  static let insightOperations = [
    Operation("GetInsight", "/Insight") { service, input in
      let insight = try await service.insight(input)
      let arn = service.settings.current.arn(of: insight)
      return .object { writer in
        writer.key("Insight")
        insight.write(to: &writer, groupARN: arn)
      }
    },

    Operation("GetInsightSummaries", "/InsightSummaries") { service, input in
      let range = try input.timeRange()
      guard let group = try service.settings.current.group(in: input) else {
        throw APIError.invalidRequest("A group name or a group ARN is needed")
      }
      let states = try input.insightStates()
      let size = try input.integer("MaxResults", 1...100) ?? 100
      let names = states.map(\.rawValue).sorted().joined(separator: " ")
      let fingerprint = "GetInsightSummaries \(range.lowerBound) \(range.upperBound) \(group.arn) \(names)"
      let start = try input.place(for: fingerprint)
      let insights = await service.insights.log.insights(ofGroup: group.name, states: states, overlapping: range)
      let page = insights.dropFirst(start).prefix(size)
      return .object { writer in
        writer.key("InsightSummaries")
        writer.array { writer in for insight in page { insight.writeSummary(to: &writer, groupARN: group.arn) } }
        writer.nextToken(page, of: insights, for: fingerprint)
      }
    },

    Operation("GetInsightEvents", "/InsightEvents") { service, input in
      let insight = try await service.insight(input)
      let size = try input.integer("MaxResults", 1...50) ?? 50
      let fingerprint = "GetInsightEvents \(insight.id)"
      // The newest first; counted from the oldest, so that a new one moves no page.
      let left = try input.has("NextToken") ? input.place(for: fingerprint) : insight.events.count
      let page = insight.events.prefix(left).suffix(size)
      return .object { writer in
        writer.key("InsightEvents")
        writer.array { writer in for event in page.reversed() { event.write(to: &writer) } }
        if page.startIndex > 0 {
          writer.member("NextToken", PageToken(place: "\(page.startIndex)").text(for: fingerprint))
        }
      }
    },

    Operation("GetInsightImpactGraph", "/InsightImpactGraph") { service, input in
      let range = try input.timeRange(atMost: service.limits.graphRange)
      let insight = try await service.insight(input)
      let settings = service.settings.current
      let group = settings.groups.first { $0.name == insight.groupName }
      let fingerprint = "GetInsightImpactGraph \(insight.id) \(range.lowerBound) \(range.upperBound)"
      let start = try input.place(for: fingerprint)
      let graph = InsightImpactGraph(of: insight, in: try await service.graph(of: group, settings.groups, in: range))
      let page = graph.services.dropFirst(start).prefix(1000)
      return .object { writer in
        writer.member("InsightId", insight.id)
        writer.member("StartTime", range.lowerBound)
        writer.member("EndTime", range.upperBound)
        writer.member("ServiceGraphStartTime", graph.start)
        writer.member("ServiceGraphEndTime", graph.end)
        writer.key("Services")
        graph.writeServices(page.indices, to: &writer)
        writer.nextToken(page, of: graph.services, for: fingerprint)
      }
    },
  ]

  private func insight(_ input: Fields) async throws -> Insight {
    let id = try input.require("InsightId", input.text("InsightId"))
    guard id.utf8.count == 36, id.wholeMatch(of: /[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/) != nil else {
      throw input.violation("InsightId", "must be a UUID")
    }
    guard let insight = await insights.log.insight(id: id.lowercased()) else {
      throw APIError.invalidRequest("Insight not found.")
    }
    return insight
  }
}

extension ServiceSettings {
  fileprivate func arn(of insight: Insight) -> String? { groups.first { $0.name == insight.groupName }?.arn }
}

extension Fields {
  fileprivate func insightStates() throws(APIError) -> Set<Insight.State> {
    guard let names = try texts("States", count: 0...1), !names.isEmpty else { return Set(Insight.State.allCases) }
    var states: Set<Insight.State> = []
    for name in names {
      guard let state = Insight.State(rawValue: name) else {
        throw violation("States", "must be one of [ACTIVE, CLOSED]")
      }
      states.insert(state)
    }
    return states
  }
}

extension JSONWriter {
  /// The member `NextToken`, when the page is not the last.
  mutating func nextToken<Element>(_ page: ArraySlice<Element>, of all: [Element], for fingerprint: String) {
    guard page.endIndex < all.endIndex else { return }
    member("NextToken", PageToken(place: "\(page.endIndex)").text(for: fingerprint))
  }
}
