import TraceFilters
import XRayModel

extension XRayService {
  static let groupOperations = [
    Operation("CreateGroup") { service, input in
      let group = try TraceGroup(
        name: input.groupName(), arn: "", expression: input.expression() ?? "", insights: input.insights())
      let tags = try input.tagsOfNew()
      return try service.settings.change { settings in
        try settings.add(group, arn: service.groupARN(group.name), tags: tags)
      }.answer
    },
    Operation("UpdateGroup") { service, input in
      let expression = try input.expression()
      let insights = try input.insights()
      return try service.settings.change { settings in
        try settings.updateGroup(at: settings.groupIndex(in: input), expression: expression, insights: insights)
      }.answer
    },
    Operation("DeleteGroup") { service, input in
      try service.settings.change { settings in try settings.removeGroup(at: settings.groupIndex(in: input)) }
      return .nothing
    },
    Operation("GetGroup") { service, input in
      let settings = service.settings.current
      return settings.groups[try settings.groupIndex(in: input)].answer
    },
    Operation("GetGroups", "/Groups") { service, input in
      try input.refusePageToken()
      return .object { $0.list("Groups", service.settings.current.groups) { $0.write(to: &$1) } }
    },
  ]

  /// The ARN of a group that is made now: made again under the same name, it is another one.
  private func groupARN(_ name: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    let id = String((0..<52).map { _ in alphabet[Int(random.next() % 32)] })
    return identity.arn("group/\(name)/\(id)")
  }
}

/// What a request says about insights; `nil` where it says nothing.
private struct InsightsRequest {
  var isEnabled: Bool?
  var notifies: Bool?
}

extension TraceGroup {
  fileprivate var answer: JSONWriter { .member("Group") { write(to: &$0) } }

  fileprivate init(name: String, arn: String, expression: String, insights: InsightsRequest) throws(APIError) {
    self.init(name: name, arn: arn, expression: expression)
    try apply(insights)
  }

  /// Notifications end with the insights that they are about.
  fileprivate mutating func apply(_ insights: InsightsRequest) throws(APIError) {
    insightsEnabled = insights.isEnabled ?? insightsEnabled
    notificationsEnabled = insights.notifies ?? (notificationsEnabled && insightsEnabled)
    guard insightsEnabled || !notificationsEnabled else {
      throw .invalidRequest("NotificationsEnabled can only be true when InsightsEnabled is true")
    }
  }
}

extension Fields {
  fileprivate func groupName() throws(APIError) -> String {
    let name = try require("GroupName", try text("GroupName", 1...32))
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isPlain else { throw violation("GroupName", "must consist of letters, digits and hyphens") }
    return name
  }

  fileprivate func expression() throws(APIError) -> String? { try text("FilterExpression") }

  fileprivate func insights() throws(APIError) -> InsightsRequest {
    let insights = try object("InsightsConfiguration")
    return InsightsRequest(
      isEnabled: try insights?.flag("InsightsEnabled"), notifies: try insights?.flag("NotificationsEnabled"))
  }
}

extension ServiceSettings {
  /// The place of the group that a request names, by its name or its ARN.
  fileprivate func groupIndex(in fields: Fields) throws(APIError) -> Int {
    guard fields.has("GroupName") != fields.has("GroupARN") else {
      throw .invalidRequest("Specify a group by either GroupName or GroupARN, but not both")
    }
    let group = try group(in: fields)
    guard let index = groups.firstIndex(where: { $0.arn == group?.arn }) else {
      throw .invalidRequest("Group not found.")
    }
    return index
  }

  fileprivate mutating func add(_ group: TraceGroup, arn: String, tags: [Tag]) throws(APIError) -> TraceGroup {
    guard !groups.contains(where: { $0.name == group.name }) else {
      throw .invalidRequest("A group with the name \(group.name) already exists")
    }
    guard groups.count < Self.groupLimit else {
      throw .invalidRequest("There are \(Self.groupLimit) groups already, the Default group included")
    }
    var group = group
    group.arn = arn
    groups.append(group)
    if !tags.isEmpty { self.tags[arn] = tags }
    try check(group)
    return group
  }

  fileprivate mutating func updateGroup(
    at index: Int, expression: String?, insights: InsightsRequest
  ) throws(APIError) -> TraceGroup {
    if let expression {
      guard !groups[index].isDefault else {
        throw .invalidRequest("The Default group has no filter expression")
      }
      groups[index].expression = expression
      try check(groups[index])
    }
    try groups[index].apply(insights)
    return groups[index]
  }

  fileprivate mutating func removeGroup(at index: Int) throws(APIError) {
    guard !groups[index].isDefault else { throw .invalidRequest("The Default group cannot be deleted") }
    tags[groups.remove(at: index).arn] = nil
  }

  /// Refuses an expression that is none or that leads back to its own group.
  private func check(_ group: TraceGroup) throws(APIError) {
    let filter = try TraceFilter(api: group.expression ?? "", groups: groups)
    guard filter.expression != .all else { throw .invalidRequest("Filter Expression is empty") }
  }
}
