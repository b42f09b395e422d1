import NIOHTTP1
import XRayModel

extension LambdaAPI {
  private static let eventInvokePath = "/2019-09-25/functions/{FunctionName}/event-invoke-config"

  static let eventInvokeOperations = [
    Operation("PutFunctionEventInvokeConfig", .PUT, eventInvokePath, bodyBytes: configurationBytes) {
      api, call throws(APIError) in
      try await api.setEventInvoke(call, keepsOthers: false)
    },
    Operation("UpdateFunctionEventInvokeConfig", .POST, eventInvokePath, bodyBytes: configurationBytes) {
      api, call throws(APIError) in
      try await api.setEventInvoke(call, keepsOthers: true)
    },
    Operation("GetFunctionEventInvokeConfig", .GET, eventInvokePath) { api, call throws(APIError) in
      let name = try api.eventInvokeName(call)
      let function = try api.version(name).0
      guard let settings = function.eventInvoke[name.eventInvokeKey] else { throw api.noEventInvoke(name) }
      return .value { settings.write(to: &$0, arn: api.eventInvokeARN(name)) }
    },
    Operation("DeleteFunctionEventInvokeConfig", .DELETE, eventInvokePath) { api, call throws(APIError) in
      let name = try api.eventInvokeName(call)
      try await api.update(name) { function, _ throws(APIError) in
        guard function.version(name.qualifier) != nil else { throw api.notFound(name) }
        let settings = function.eventInvoke.removeValue(forKey: name.eventInvokeKey)
        guard settings != nil else { throw api.noEventInvoke(name) }
      }
      return Reply(status: 204)
    },
    Operation("ListFunctionEventInvokeConfigs", .GET, eventInvokePath + "/list") { api, call throws(APIError) in
      let name = try api.name(in: call, limit: longNameLimit, takesQualifier: false)
      let all = try api.function(name).eventInvoke.sorted { $0.key < $1.key }
      return try Page(of: all, call.query, bounds: 1...50, place: { ListPlace(name: $0.key) })
        .reply("FunctionEventInvokeConfigs") { $1.value.write(to: &$0, arn: api.place.arn(name.name, $1.key)) }
    },
  ]

  private func eventInvokeARN(_ name: FunctionName) -> String { place.arn(name.name, name.eventInvokeKey) }

  private func noEventInvoke(_ name: FunctionName) -> APIError {
    APIError(.resourceNotFound, "The function \(eventInvokeARN(name)) doesn't have an EventInvokeConfig")
  }

  private func eventInvokeName(_ call: Call) throws(APIError) -> FunctionName {
    try name(in: call, limit: Self.longNameLimit)
  }

  private func setEventInvoke(_ call: Call, keepsOthers: Bool) async throws(APIError) -> Reply {
    let name = try eventInvokeName(call)
    let input = try call.fields
    return try await update(name) { function, _ throws(APIError) in
      guard function.version(name.qualifier) != nil else { throw self.notFound(name) }
      let present = function.eventInvoke[name.eventInvokeKey]
      if keepsOthers, present == nil { throw self.noEventInvoke(name) }
      let kept = keepsOthers ? present : nil
      var settings = try (kept ?? StoredEventInvoke(lastModified: self.clock.now)).applying(input)
      settings.lastModified = self.clock.now
      function.eventInvoke[name.eventInvokeKey] = settings
      let new = settings
      return .value { new.write(to: &$0, arn: self.eventInvokeARN(name)) }
    }
  }
}

extension FunctionName {
  /// Each qualifier has settings of its own; none stands for `$LATEST`.
  fileprivate var eventInvokeKey: String { qualifier ?? Self.latest }
}

extension StoredEventInvoke {
  fileprivate func applying(_ input: Fields) throws(APIError) -> StoredEventInvoke {
    var changed = self
    if let count = try input.integer("MaximumRetryAttempts", 0...2) { changed.maximumRetryAttempts = count }
    if let age = try input.integer("MaximumEventAgeInSeconds", 60...21_600) { changed.maximumEventAgeSeconds = age }
    if let destinations = try input.object("DestinationConfig") {
      if let target = try destinations.object("OnSuccess") { changed.onSuccess = try Self.destination(target) }
      if let target = try destinations.object("OnFailure") { changed.onFailure = try Self.destination(target) }
    }
    return changed
  }

  /// An ARN of a queue, a topic or a function; nothing takes the destination away.
  private static func destination(_ input: Fields) throws(APIError) -> String? {
    guard let target = try input.text("Destination", 0...350), !target.isEmpty else { return nil }
    guard !["events", "s3"].contains(where: { target.hasPrefix("arn:aws:\($0):") }) else {
      throw .invalid(
        "The destination \(target.prefix(200)) is not supported here: there are queues, topics and functions, and no "
          + "event buses or buckets.")
    }
    guard ["sqs", "sns", "lambda"].contains(where: { target.hasPrefix("arn:aws:\($0):") }) else {
      throw .invalid(
        "The provided destination config DestinationConfig is invalid: \(target.prefix(200)) is no queue, topic or "
          + "function.")
    }
    return target
  }
}
