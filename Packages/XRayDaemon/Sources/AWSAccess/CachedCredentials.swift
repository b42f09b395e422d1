import Synchronization
public import XRayModel

/// Keeps a source's credentials and renews them before they expire. To be asked for each request: it costs a lock.
///
/// Renewal begins ``margin`` before the expiration. One caller asks the source; the others go on with the old
/// credentials, or wait when there are none. If it fails, the old ones serve for as long as they are valid. After a
/// failure the source is not asked for ``pause``.
public final class CachedCredentials: Sendable {
  /// Time before the expiration from which new credentials are asked for.
  public static let margin = Duration.seconds(300)
  /// Time after a failure in which its error is given at once.
  public static let pause = Duration.seconds(10)

  private typealias Renewal = Task<Result<AWSCredentials, CredentialsError>, Never>

  private struct State {
    var credentials: AWSCredentials?
    var failure: (error: CredentialsError, until: Timestamp)?
    var renewal: Renewal?
  }

  private enum Next {
    case use(AWSCredentials)
    case fail(CredentialsError)
    case wait(Renewal)
  }

  private let source: any CredentialSource
  private let clock: any WallClock
  private let state = Mutex(State())

  /// Asks nobody before the first ``credentials()``.
  public init(_ source: any CredentialSource, clock: any WallClock) {
    self.source = source
    self.clock = clock
  }

  /// Valid credentials. Fails with what the source says.
  public func credentials() async throws(CredentialsError) -> AWSCredentials {
    switch next() {
    case .use(let credentials): return credentials
    case .fail(let error): throw error
    case .wait(let renewal):
      let result = await renewal.value
      if case .failure = result, let old = state.withLock({ $0.credentials }), isValid(old) { return old }
      return try result.get()
    }
  }

  /// The credentials at hand, if they need no renewal: for callers that cannot wait.
  public var current: AWSCredentials? {
    state.withLock { $0.credentials }.flatMap { isValid($0, for: Self.margin) ? $0 : nil }
  }

  /// Asks the source next time, whatever is kept: AWS refused what it gave.
  public func discard() { state.withLock { $0.credentials = nil } }

  private func isValid(_ credentials: AWSCredentials, for margin: Duration = .zero) -> Bool {
    credentials.expiration.map { clock.now.advanced(by: margin) < $0 } ?? true
  }

  private func next() -> Next {
    let now = clock.now
    return state.withLock { state in
      let old = state.credentials.flatMap { isValid($0) ? $0 : nil }
      if let old, isValid(old, for: Self.margin) { return .use(old) }
      if let renewal = state.renewal { return old.map { .use($0) } ?? .wait(renewal) }
      if let failure = state.failure, failure.until > now { return old.map { .use($0) } ?? .fail(failure.error) }
      // A task of its own: the caller's cancellation is not everybody's.
      let renewal = Task { await self.renew() }
      state.renewal = renewal
      return .wait(renewal)
    }
  }

  private func renew() async -> Result<AWSCredentials, CredentialsError> {
    var result: Result<AWSCredentials, CredentialsError>
    do throws(CredentialsError) {
      result = .success(try await source.credentials())
    } catch {
      result = .failure(error)
    }
    if case .success(let new) = result, !isValid(new) {
      result = .failure(CredentialsError(source.name, fails: "gave credentials that have expired"))
    }
    state.withLock { state in
      state.renewal = nil
      switch result {
      case .success(let new):
        state.credentials = new
        state.failure = nil
      case .failure(let error): state.failure = (error, clock.now.advanced(by: Self.pause))
      }
    }
    return result
  }
}
