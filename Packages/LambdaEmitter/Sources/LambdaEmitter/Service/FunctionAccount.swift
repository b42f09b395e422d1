/// What the service counts of one function.
struct FunctionAccount: Hashable {
  /// Requests and attempts that found no place.
  var throttles = 0
  /// Attempts of events and batches after one that the function failed.
  var retries = 0
  /// Events and batches that were given up.
  var abandoned = 0
  /// The most invocations that ran at a time.
  var peak = 0
}

extension LambdaService {
  /// What was counted of the function `name`; zeros when there is none.
  func account(of name: String) -> FunctionAccount {
    state.withLock { $0.functions[name]?.account ?? FunctionAccount() }
  }

  /// The most invocations of the account that ran at a time.
  var peakConcurrency: Int { state.withLock { $0.peakConcurrency } }

  /// How many messages each queue got, those included that found it full.
  var messageCounts: [String: Int] {
    Dictionary(uniqueKeysWithValues: queues.all.map { ($0.arn, $0.sent + $0.dropped) })
  }

  func count(_ function: FunctionVersion, _ change: (inout FunctionAccount) -> Void) {
    state.withLock { state in _ = state.functions.update(function.configuration.name) { change(&$0.account) } }
  }
}
