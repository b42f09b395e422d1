import AWSAccess
import Synchronization
import Testing
import XRayModel

/// Answers from a list; each question waits until the test lets it go on, if it wants that.
private final class ListedSource: CredentialSource {
  let name = "list"
  private let state: Mutex<(answers: [AWSCredentials?], asked: Int)>
  private let gate: AsyncStream<Void>?

  var asked: Int { state.withLock { $0.asked } }

  init(_ answers: [AWSCredentials?], gate: AsyncStream<Void>? = nil) {
    state = Mutex((answers, 0))
    self.gate = gate
  }

  func credentials() async throws(CredentialsError) -> AWSCredentials {
    let answer = state.withLock { state in
      state.asked += 1
      return state.answers.isEmpty ? nil : state.answers.removeFirst()
    }
    if let gate { for await _ in gate { break } }
    guard let answer else {
      throw CredentialsError(attempts: [.init(source: name, reason: "none left", isFailure: true)])
    }
    return answer
  }
}

@Suite struct `Cached credentials` {
  private let clock = VirtualClock(start: Timestamp(seconds: 1_795_252_059))

  private func keys(_ name: String, minutes: Int?) -> AWSCredentials {
    AWSCredentials(
      accessKeyID: name, secretAccessKey: "s", sessionToken: "t",
      expiration: minutes.map { clock.now.advanced(by: .seconds($0 * 60)) })
  }

  @Test func `are asked for once as long as they last`() async throws {
    let source = ListedSource([keys("a", minutes: nil)])
    let cached = CachedCredentials(source, clock: clock)
    #expect(cached.current == nil)
    for _ in 0..<3 {
      #expect(try await cached.credentials().accessKeyID == "a")
      clock.advance(by: .seconds(86_400))
    }
    #expect(source.asked == 1 && cached.current?.accessKeyID == "a")
  }

  @Test func `are renewed five minutes before they expire`() async throws {
    let source = ListedSource([keys("a", minutes: 60), keys("b", minutes: 120)])
    let cached = CachedCredentials(source, clock: clock)
    _ = try await cached.credentials()
    clock.advance(by: .seconds(55 * 60 - 1))
    #expect(try await cached.credentials().accessKeyID == "a")
    clock.advance(by: .seconds(1))
    #expect(cached.current == nil)
    #expect(try await cached.credentials().accessKeyID == "b")
    #expect(source.asked == 2)
  }

  @Test func `stay while they are valid when renewal fails, which is tried again after a pause`() async throws {
    let source = ListedSource([keys("a", minutes: 60), nil, nil, nil, keys("b", minutes: 120)])
    let cached = CachedCredentials(source, clock: clock)
    _ = try await cached.credentials()
    clock.advance(by: .seconds(56 * 60))
    for _ in 0..<5 { #expect(try await cached.credentials().accessKeyID == "a") }
    #expect(source.asked == 2)
    clock.advance(by: CachedCredentials.pause)
    #expect(try await cached.credentials().accessKeyID == "a")
    #expect(source.asked == 3)
    clock.advance(by: .seconds(4 * 60))
    for _ in 0..<5 { await #expect(throws: CredentialsError.self) { try await cached.credentials() } }
    #expect(source.asked == 4)
    clock.advance(by: CachedCredentials.pause)
    #expect(try await cached.credentials().accessKeyID == "b")
  }

  @Test func `that come too late are an error`() async {
    let cached = CachedCredentials(ListedSource([keys("a", minutes: 0)]), clock: clock)
    let error = await #expect(throws: CredentialsError.self) { try await cached.credentials() }
    #expect(error?.description == "no AWS credentials: list: gave credentials that have expired")
  }

  @Test func `are asked for by one caller for all`() async throws {
    let (gate, opening) = AsyncStream<Void>.makeStream()
    let source = ListedSource([keys("a", minutes: nil)], gate: gate)
    let cached = CachedCredentials(source, clock: clock)
    try await withThrowingTaskGroup(of: String.self) { group in
      for _ in 0..<50 { group.addTask { try await cached.credentials().accessKeyID } }
      while source.asked == 0 { await Task.yield() }
      opening.yield()
      for try await key in group { #expect(key == "a") }
    }
    #expect(source.asked == 1)
  }

  @Test func `outlive the caller who asked first`() async throws {
    let (gate, opening) = AsyncStream<Void>.makeStream()
    let source = ListedSource([keys("a", minutes: nil)], gate: gate)
    let cached = CachedCredentials(source, clock: clock)
    let first = Task { try await cached.credentials() }
    while source.asked == 0 { await Task.yield() }
    first.cancel()
    opening.yield()
    #expect(try await cached.credentials().accessKeyID == "a")
    #expect(source.asked == 1)
  }

  @Test func `are asked for again once discarded`() async throws {
    let cached = CachedCredentials(
      ListedSource([keys("a", minutes: nil), keys("b", minutes: nil)]), clock: clock)
    _ = try await cached.credentials()
    cached.discard()
    #expect(try await cached.credentials().accessKeyID == "b")
  }
}
