import AWSAccess
import Synchronization
import Testing
import XRayHTTP
import XRayModel

@Suite struct `Container credentials` {
  @Test func `come from the address in the environment, with its token`() async throws {
    try await AnsweringServer.run({ _ in Answer(document) }) { server in
      var machine = Machine(
        [
          "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url + "/v2/x?y=1",
          "AWS_CONTAINER_AUTHORIZATION_TOKEN": "Basic t",
        ])
      let found = try await machine.credentials()
      #expect(found.accessKeyID == "ASIAROLE" && found.expiration?.iso8601 == "2026-11-21T15:07:39.000Z")
      machine.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/token"
      machine.files["/token"] = "from file\n"
      _ = try await machine.credentials()
      #expect(server.requests.map(\.line) == ["GET /v2/x?y=1", "GET /v2/x?y=1"])
      #expect(server.requests.map { $0.header("Authorization") } == ["Basic t", "from file"])
    }
  }

  @Test func `are asked for again once after an error of the server`() async throws {
    let count = Mutex(0)
    let script: AnsweringServer.Script = { _ in
      count.withLock {
        $0 += 1; return $0
      } == 1 ? .init(503) : Answer(document)
    }
    try await AnsweringServer.run(script) { server async throws in
      #expect(
        try await Machine(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url]).credentials().accessKeyID == "ASIAROLE")
    }
  }

  @Test(arguments: [
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/x", "not for example.com"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1.example.com/x", "not for 127.0.0.1.example.com"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://169.254.169.254/x", "not for 169.254.169.254"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "file:///x", "is not of the form"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "https://example.com/x", "https needs a client with TLS"),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "x", "does not begin with /"),
  ])
  func `are not asked for where they cannot be`(_ variable: String, _ value: String, _ reason: String) async {
    let error = await #expect(throws: CredentialsError.self) { try await Machine([variable: value]).credentials() }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
  }

  @Test(arguments: [
    ("", "not a JSON object"), ("[]", "not a JSON object"), ("{}", "has no AccessKeyId"),
    (#"{"code":"AssumeRoleUnauthorizedAccess","message":"no"}"#, "its answer is AssumeRoleUnauthorizedAccess: no"),
    (#"{"AccessKeyId":"A","SecretAccessKey":"S","Token":"T","Expiration":"soon"}"#, "is not a time: soon"),
  ])
  func `that cannot be read are an error`(_ answer: String, _ reason: String) async throws {
    try await AnsweringServer.run({ _ in Answer(answer) }) { server in
      let machine = Machine(["AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url])
      let error = await #expect(throws: CredentialsError.self) { try await machine.credentials() }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
  }
}

/// An instance's metadata service, version 2.
private func metadata(_ request: AnsweringServer.Request) -> Answer? {
  if request.line == "PUT /latest/api/token" {
    return request.header("x-aws-ec2-metadata-token-ttl-seconds") == "21600" ? "the-token" : Answer(400)
  }
  guard request.header("X-aws-ec2-metadata-token") == "the-token" else { return Answer(401) }
  return switch request.line {
  case "GET /latest/meta-data/iam/security-credentials/": "my-role\n"
  case "GET /latest/meta-data/iam/security-credentials/my-role": Answer(document)
  case "GET /latest/meta-data/placement/region": "eu-north-1"
  case "GET /latest/meta-data/instance-id": "i-0123"
  case "GET /latest/meta-data/hostname": "ip-10-0-0-1.ec2.internal"
  default: Answer(404)
  }
}

@Suite struct `Instance metadata` {
  @Test func `gives credentials, region and names for one token`() async throws {
    try await AnsweringServer.run(metadata) { server in
      let surroundings = Machine(metadata: server.url).surroundings
      let metadata = InstanceMetadata(surroundings)
      let found = try await CredentialChain.standard(surroundings, metadata: metadata).credentials()
      #expect(found.accessKeyID == "ASIAROLE" && found.sessionToken == "token")
      #expect(try await RegionLookup(surroundings, metadata: metadata).region(given: nil) == "eu-north-1")
      let identity = await HostIdentity.lookUp(surroundings, metadata: metadata)
      #expect(identity == HostIdentity(instanceID: "i-0123", hostName: "ip-10-0-0-1.ec2.internal"))
      #expect(server.requests.filter { $0.line.hasPrefix("PUT") }.count == 1)
    }
  }

  @Test func `gets another token when its own is refused or old`() async throws {
    let tokens = Mutex(0)
    let script: AnsweringServer.Script = { request in
      if request.line.hasPrefix("PUT") {
        let number = tokens.withLock {
          $0 += 1; return $0
        }
        return number == 1 ? "stale" : "the-token"
      }
      return metadata(request)
    }
    try await AnsweringServer.run(script) { server in
      let machine = Machine(metadata: server.url)
      let source = InstanceCredentials(InstanceMetadata(machine.surroundings))
      _ = try await source.credentials()
      #expect(tokens.withLock { $0 } == 2)
      machine.clock.advance(by: .seconds(21_600))
      _ = try await source.credentials()
      #expect(tokens.withLock { $0 } == 3)
    }
  }

  @Test func `is not asked again for a while when nobody is there`() async throws {
    // Nobody listens on port 1.
    let machine = Machine(metadata: "http://127.0.0.1:1")
    let source = InstanceCredentials(InstanceMetadata(machine.surroundings))
    let error = await #expect(throws: CredentialsError.self) { try await source.credentials() }
    #expect(error?.attempts.map(\.description) == ["instance metadata: 127.0.0.1:1: connection refused"])
    #expect(error?.attempts.map(\.isFailure) == [false])
  }

  @Test func `that does not answer takes a second, and then none for a while`() async throws {
    try await AnsweringServer.run({ _ in nil }) { server in
      let machine = Machine(metadata: server.url)
      var surroundings = machine.surroundings
      surroundings.deadline = nil
      let source = InstanceCredentials(InstanceMetadata(surroundings))
      for _ in 0..<3 { await #expect(throws: CredentialsError.self) { try await source.credentials() } }
      #expect(server.requests.count == 1)
      machine.clock.advance(by: InstanceMetadata.pause)
      await #expect(throws: CredentialsError.self) { try await source.credentials() }
      #expect(server.requests.count == 2)
    }
  }

  @Test func `without a role is no failure`() async throws {
    let script: AnsweringServer.Script = { $0.line.contains("iam") ? Answer(404) : metadata($0) }
    try await AnsweringServer.run(script) { server in
      let source = InstanceCredentials(InstanceMetadata(Machine(metadata: server.url).surroundings))
      let error = await #expect(throws: CredentialsError.self) { try await source.credentials() }
      #expect(error?.attempts.map(\.isFailure) == [false])
    }
  }
}
