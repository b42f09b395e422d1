import XRayModel

/// Traces that a filter expression picks, under a name (X-Ray's `Group`).
struct TraceGroup: Hashable, Sendable {
  /// The name of the group that is always there.
  static let defaultName = "Default"

  /// 1 to 32 letters, digits and hyphens.
  var name: String
  var arn: String
  /// `nil` only of the group `Default`, which all traces belong to.
  var expression: String?
  var insightsEnabled = false
  /// Only where insights are enabled.
  var notificationsEnabled = false

  var isDefault: Bool { name == Self.defaultName }

  /// Writes X-Ray's `Group`.
  func write(to writer: inout JSONWriter) {
    writer.object { writer in
      writer.member("GroupName", name)
      writer.member("GroupARN", arn)
      if let expression { writer.member("FilterExpression", expression) }
      writer.key("InsightsConfiguration")
      writer.object { writer in
        writer.member("InsightsEnabled", insightsEnabled)
        writer.member("NotificationsEnabled", notificationsEnabled)
      }
    }
  }

  /// Reads X-Ray's `Group`; `nil` when it lacks a member.
  init?(json: JSONValue) {
    guard let name = json["GroupName"]?.string, let arn = json["GroupARN"]?.string,
      let insights = json["InsightsConfiguration"], let insightsEnabled = insights["InsightsEnabled"]?.bool,
      let notificationsEnabled = insights["NotificationsEnabled"]?.bool
    else { return nil }
    let expression = json["FilterExpression"]?.string
    guard (expression == nil) == (name == Self.defaultName) else { return nil }
    self.init(name: name, arn: arn, expression: expression)
    self.insightsEnabled = insightsEnabled
    self.notificationsEnabled = notificationsEnabled
  }

  init(name: String, arn: String, expression: String? = nil) {
    self.name = name
    self.arn = arn
    self.expression = expression
  }
}
