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
      guard let settings = try api.function(name).eventInvoke else { throw api.noEventInvoke(name) }
      return .value { settings.write(to: &$0, arn: api.eventInvokeARN(name)) }
    },
    Operation("DeleteFunctionEventInvokeConfig", .DELETE, eventInvokePath) { api, call throws(APIError) in
      let name = try api.eventInvokeName(call)
      try await api.update(name) { function, _ throws(APIError) in
        guard function.eventInvoke != nil else { throw api.noEventInvoke(name) }
        function.eventInvoke = nil
      }
      return Reply(status: 204)
    },
    Operation("ListFunctionEventInvokeConfigs", .GET, eventInvokePath + "/list") { api, call throws(APIError) in
      let name = try api.name(in: call, limit: longNameLimit, takesQualifier: false)
      let all = [try api.function(name).eventInvoke].compactMap { $0 }
      return try Page(of: all, call.query, bounds: 1...50, place: { _ in ListPlace(name: name.name) })
        .reply("FunctionEventInvokeConfigs") { $1.write(to: &$0, arn: api.eventInvokeARN(name)) }
    },
  ]

  private func eventInvokeARN(_ name: FunctionName) -> String { place.arn(name.name, FunctionName.latest) }

  private func noEventInvoke(_ name: FunctionName) -> APIError {
    APIError(.resourceNotFound, "The function \(eventInvokeARN(name)) doesn't have an EventInvokeConfig")
  }

  private func eventInvokeName(_ call: Call) throws(APIError) -> FunctionName {
    let name = try name(in: call, limit: Self.longNameLimit)
    guard name.qualifier == nil || name.qualifier == FunctionName.latest else {
      throw .invalid("Versions and aliases have no configuration of their own here: set the one of the function.")
    }
    return name
  }

  private func setEventInvoke(_ call: Call, keepsOthers: Bool) async throws(APIError) -> Reply {
    let name = try eventInvokeName(call)
    let input = try call.fields
    return try await update(name) { function, _ throws(APIError) in
      if keepsOthers, function.eventInvoke == nil { throw self.noEventInvoke(name) }
      var settings = keepsOthers ? function.eventInvoke : nil
      settings = try (settings ?? StoredEventInvoke(lastModified: self.clock.now)).applying(input)
      settings?.lastModified = self.clock.now
      function.eventInvoke = settings
      return .value { settings?.write(to: &$0, arn: self.eventInvokeARN(name)) }
    }
  }
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

  /// An ARN of a queue, a topic, a function or a bus; nothing takes the destination away.
  private static func destination(_ input: Fields) throws(APIError) -> String? {
    guard let target = try input.text("Destination", 0...350), !target.isEmpty else { return nil }
    guard ["sqs", "sns", "lambda", "events"].contains(where: { target.hasPrefix("arn:aws:\($0):") }) else {
      throw .invalid(
        "The provided destination config DestinationConfig is invalid: \(target.prefix(200)) is no queue, topic, "
          + "function or bus.")
    }
    return target
  }
}
