import XRayModel

extension LambdaAPI {
  /// Lambda: what must be left for the functions without places of their own.
  static let unreservedConcurrency = 100

  static let concurrencyOperations = [
    Operation(
      "PutFunctionConcurrency", .PUT, "/2017-10-31/functions/{FunctionName}/concurrency", bodyBytes: configurationBytes
    ) { api, call throws(APIError) in
      let name = try api.name(in: call, takesQualifier: false)
      let input = try call.fields
      let member = "ReservedConcurrentExecutions"
      let count = try input.require(member, input.integer(member, 0...Int(Int32.max)))
      return try await api.update(name) { function, state throws(APIError) in
        try api.checkUnqualified(name)
        let others = state.reservedConcurrency - (function.reservedConcurrency ?? 0)
        // None at all takes nothing from anybody.
        guard count == 0 || count <= api.service.accountConcurrency - others - unreservedConcurrency else {
          throw .invalid(
            "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution "
              + "below its minimum value of [\(unreservedConcurrency)].")
        }
        function.reservedConcurrency = count
        return Reply { $0.member(member, count) }
      }
    },
    Operation("GetFunctionConcurrency", .GET, "/2019-09-30/functions/{FunctionName}/concurrency") {
      api, call throws(APIError) in
      let count = try api.function(api.name(in: call, takesQualifier: false)).reservedConcurrency
      return Reply { writer in if let count { writer.member("ReservedConcurrentExecutions", count) } }
    },
    Operation("DeleteFunctionConcurrency", .DELETE, "/2017-10-31/functions/{FunctionName}/concurrency") {
      api, call throws(APIError) in
      try await api.update(api.name(in: call, takesQualifier: false)) { function, _ in
        function.reservedConcurrency = nil
      }
      return Reply(status: 204)
    },
  ]

  private func checkUnqualified(_ name: FunctionName) throws(APIError) {
    guard name.qualifier == nil else { throw .invalid("Concurrency belongs to the function, not to a version.") }
  }
}
