import EventSources
import LambdaEmitter
import XRayModel

extension LambdaAPI {
  private static let mappingsPath = "/2015-03-31/event-source-mappings"
  /// Ours: each is a poller of its own.
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
      return api.reply(mapping)
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
      let reply = api.reply(mapping, status: 202, state: "Deleting")
      api.forgetUnpolled(mapping.id)
      api.mappingsChanged()
      return reply
    },
  ]

  private static let noMapping = APIError(.resourceNotFound, "The resource you requested does not exist.")

  private func reply(_ mapping: StoredMapping, status: Int = 200, state: String? = nil) -> Reply {
    .value(status: status) {
      mapping.write(to: &$0, place: self.place, state: state, result: self.lastResult(of: mapping.id))
    }
  }

  private func createMapping(_ call: Call) throws(APIError) -> Reply {
    let input = try call.fields
    let source = try input.require("EventSourceArn", input.text("EventSourceArn", 0...10_000))
    let stream = try stream(source)
    let name = try mappedFunction(input.require("FunctionName", input.text("FunctionName")))
    var mapping = StoredMapping(
      id: random.requestID(), source: source, function: name.name, qualifier: name.qualifier,
      batchSize: stream == nil ? 10 : 100, lastModified: clock.now)
    if stream != nil {
      let settings = try StoredMapping.StreamSettings(startingIn: input, at: clock.now)
      mapping.stream = settings
      // Updates do not have it, and take nothing over from it.
      try mapping.apply(input.without(["StartingPosition", "StartingPositionTimestamp"]))
    } else {
      try mapping.apply(input)
    }
    try checkVisibility(of: mapping)
    let new = mapping
    do throws(APIError) {
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
        // Before anybody else can see the mapping.
        if let stream, let settings = new.stream { self.begin(new.id, in: stream, at: settings.start) }
      }
    } catch {
      forgetUnpolled(new.id)
      throw error
    }
    mappingsChanged()
    return reply(new, status: 202)
  }

  /// The stream of an ARN; `nil` for a queue's.
  private func stream(_ source: String) throws(APIError) -> EventStream? {
    let parts = source.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 6, parts[0] == "arn", parts[1] == "aws" else {
      throw .invalid("Unrecognized event source \(source.prefix(200)), must be the ARN of a queue or a stream.")
    }
    switch parts[2] {
    case "sqs": return nil
    case "kinesis":
      guard let stream = streams?.stream(arn: source) else {
        throw .invalid("Stream not found: \(source.prefix(200))")
      }
      return stream
    case "dynamodb": throw .invalid("There is no DynamoDB here: its streams cannot be event sources.")
    default:
      throw .invalid(
        "Unrecognized event source \(source.prefix(200)): only queues (sqs) and streams (kinesis) are supported here.")
    }
  }

  /// Lambda's rule: a message must not come back while a function may still be at work on it.
  private func checkVisibility(of mapping: StoredMapping) throws(APIError) {
    guard mapping.stream == nil else { return }
    let name = try FunctionName(mapping.reference, limit: Self.longNameLimit, account: place)
    let timeout = try version(name).1.configuration.timeoutSeconds
    let visibility = service.queue(mapping.source).settings.visibilityTimeoutSeconds
    guard visibility >= timeout else {
      throw .invalid(
        "Queue visibility timeout: \(visibility) seconds is less than Function timeout: \(timeout) seconds")
    }
  }

  private func listMappings(_ call: Call) throws(APIError) -> Reply {
    var mappings = current.mappings.values.sorted { $0.id < $1.id }
    if let source = call.query.value("EventSourceArn") { mappings.removeAll { $0.source != source } }
    if let text = call.query.value("FunctionName") {
      let name = try FunctionName(text, limit: Self.longNameLimit, account: place)
      mappings.removeAll { $0.function != name.name || (name.qualifier != nil && $0.qualifier != name.qualifier) }
    }
    return try Page(of: mappings, call.query, most: 100, place: { ListPlace(name: $0.id) })
      .reply("EventSourceMappings") { $1.write(to: &$0, place: self.place, result: self.lastResult(of: $1.id)) }
  }

  private func updateMapping(_ call: Call) throws(APIError) -> Reply {
    let input = try call.fields
    for name in ["EventSourceArn", "StartingPosition", "StartingPositionTimestamp"] where input.says(name) {
      throw .invalid("\(name) cannot be changed.")
    }
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
    mappingsChanged()
    return reply(mapping, status: 202)
  }

  private func mappedFunction(_ text: String) throws(APIError) -> FunctionName {
    let name = try FunctionName(text, limit: Self.longNameLimit, account: place)
    _ = try version(name)
    return name
  }
}
