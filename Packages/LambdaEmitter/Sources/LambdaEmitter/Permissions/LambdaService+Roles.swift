extension LambdaService {
  /// Forgets a role. Functions that run as it go on, without permissions.
  public func removeRole(_ arn: String) { state.withLock { $0.roles[arn] = nil } }
}
