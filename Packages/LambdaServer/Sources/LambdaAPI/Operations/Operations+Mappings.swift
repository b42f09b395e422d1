import XRayModel

extension LambdaAPI {
  private static let mappingsPath = "/2015-03-31/event-source-mappings"
  /// Ours: each is looked at every second.
  static let mappingsLimit = 1000

  static let mappingOperations = [
    Operation("CreateEventSourceMapping", .POST, mappingsPath, bodyBytes: configurationBytes) {
      api, call throws(APIError) in
      try api.createMapping(call)
    },
    Operation("ListEventSourceMappings", .GET, mappingsPath) { api, call throws(APIError) in
      try api.listMappings(call)
    },
    Operation("GetEventSourceMapping", .GET, mappingsPath + "/{UUID}") { api, call throws(APIError) in
      guard let mapping = api.current.mappings[call.captures[0]] else { throw noMapping }
      return .value { mapping.write(to: &$0, place: api.place) }
    },
    Operation("UpdateEventSourceMapping", .PUT, mappingsPath + "/{UUID}", bodyBytes: configurationBytes) {
      api, call throws(APIError) in
      try api.updateMapping(call)
    },
    Operation("DeleteEventSourceMapping", .DELETE, mappingsPath + "/{UUID}") { api, call throws(APIError) in
      let mapping = try api.changeState { state throws(APIError) in
        guard let mapping = state.mappings.removeValue(forKey: call.captures[0]) else { throw noMapping }
        return mapping
      }
      return .value(status: 202) { mapping.write(to: &$0, place: api.place, state: "Deleting") }
    },
  ]

  private static let noMapping = APIError(.resourceNotFound, "The resource you requested does not exist.")

  private func createMapping(_ call: Call) throws(APIError) -> Reply {
    let input = try call.fields
    let source = try input.require("EventSourceArn", input.text("EventSourceArn", 0...10_000))
    guard source.hasPrefix("arn:aws:sqs:"), source.split(separator: ":").count == 6 else {
      throw .invalid("\(source.prefix(200)) is not the ARN of a queue; other event sources are not supported here.")
    }
    let name = try mappedFunction(input.require("FunctionName", input.text("FunctionName")))
    var mapping = StoredMapping(
      id: random.requestID(), source: source, function: name.name, qualifier: name.qualifier, lastModified: clock.now)
    try mapping.apply(input)
    let new = mapping
    try changeState { state throws(APIError) in
      if let other = state.mappings.values.first(where: { $0.source == new.source && $0.function == new.function }) {
        throw APIError(
          .resourceConflict,
          "An event source mapping with event source arn \(new.source) and function \(new.function) already exists. "
            + "Please update or delete the existing mapping with UUID \(other.id)")
      }
      guard state.mappings.count < Self.mappingsLimit else {
        throw .invalid("There are \(Self.mappingsLimit) event source mappings.")
      }
      state.mappings[new.id] = new
    }
    return .value(status: 202) { new.write(to: &$0, place: self.place) }
  }

  private func listMappings(_ call: Call) throws(APIError) -> Reply {
    var mappings = current.mappings.values.sorted { $0.id < $1.id }
    if let source = call.query.value("EventSourceArn") { mappings.removeAll { $0.source != source } }
    if let text = call.query.value("FunctionName") {
      let name = try FunctionName(text, limit: Self.longNameLimit, account: place)
      mappings.removeAll { $0.function != name.name || (name.qualifier != nil && $0.qualifier != name.qualifier) }
    }
    return try Page(of: mappings, call.query, most: 100, place: { ListPlace(name: $0.id) })
      .reply("EventSourceMappings") { $1.write(to: &$0, place: self.place) }
  }

  private func updateMapping(_ call: Call) throws(APIError) -> Reply {
    let input = try call.fields
    let name: FunctionName?
    if let text = try input.text("FunctionName") { name = try mappedFunction(text) } else { name = nil }
    let mapping = try changeState { state throws(APIError) in
      guard var mapping = state.mappings[call.captures[0]] else { throw Self.noMapping }
      if let name { (mapping.function, mapping.qualifier) = (name.name, name.qualifier) }
      try mapping.apply(input)
      mapping.lastModified = self.clock.now
      state.mappings[mapping.id] = mapping
      return mapping
    }
    return .value(status: 202) { mapping.write(to: &$0, place: self.place) }
  }

  private func mappedFunction(_ text: String) throws(APIError) -> FunctionName {
    let name = try FunctionName(text, limit: Self.longNameLimit, account: place)
    _ = try version(name)
    return name
  }
}

extension StoredMapping {
  /// Takes over what a request says; what it does not say stays.
  fileprivate mutating func apply(_ input: Fields) throws(APIError) {
    for name in [
      "FilterCriteria", "ScalingConfig", "FunctionResponseTypes", "DestinationConfig", "StartingPosition",
      "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "BisectBatchOnFunctionError", "TumblingWindowInSeconds",
      "ParallelizationFactor", "Topics", "Queues", "SourceAccessConfigurations", "SelfManagedEventSource",
      "ProvisionedPollerConfig", "Tags",
    ] where input.says(name) {
      throw .invalid("\(name) is not supported here for a queue.")
    }
    if let count = try input.integer("BatchSize", 1...(isOrdered ? 10 : 10_000)) { batchSize = count }
    if let seconds = try input.integer("MaximumBatchingWindowInSeconds", 0...300) { windowSeconds = seconds }
    if let flag = try input.flag("Enabled") { isEnabled = flag }
    // Lambda's rule for queues: large batches need time to gather.
    guard batchSize <= 10 || windowSeconds > 0 else {
      throw .invalid("Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10")
    }
  }
}
