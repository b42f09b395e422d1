import AWSAccess
import Testing
import XRayModel

@Suite struct `The credential chain` {
  @Test func `takes keys from the environment first`() async throws {
    let machine = Machine(
      ["AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S", "AWS_SESSION_TOKEN": "T", "HOME": "/h"],
      files: ["/h/.aws/credentials": "[default]\naws_access_key_id=F\naws_secret_access_key=S"])
    #expect(
      try await machine.credentials() == AWSCredentials(accessKeyID: "A", secretAccessKey: "S", sessionToken: "T"))
  }

  @Test func `says what it tried and what to do`() async {
    let error = await #expect(throws: CredentialsError.self) { try await Machine().credentials() }
    #expect(
      error?.description == """
        no AWS credentials: environment: AWS_ACCESS_KEY_ID is not set; \
        shared files: no profile default in the credentials and config files; \
        web identity: AWS_WEB_IDENTITY_TOKEN_FILE is not set; \
        container: neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set; \
        instance metadata: AWS_EC2_METADATA_DISABLED is true \
        (set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give the machine or container a role)
        """)
  }

  @Test func `does not go on after a source that is set up and fails`() async throws {
    try await AnsweringServer.run({ _ in Answer(document) }) { server in
      let machine = Machine(["AWS_PROFILE": "missing", "AWS_CONTAINER_CREDENTIALS_FULL_URI": server.url])
      let error = await #expect(throws: CredentialsError.self) { try await machine.credentials() }
      #expect(error?.attempts.map(\.isFailure) == [false, true] && server.requests.isEmpty)
    }
  }

  @Test func `reads both shared files, of which the credentials count first`() async throws {
    var machine = Machine(
      ["HOME": "/h", "AWS_PROFILE": "two"],
      files: [
        "/h/.aws/credentials": """
        # comment
        [one]
        aws_access_key_id = ONE
        aws_secret_access_key = S1
        [two]
        AWS_ACCESS_KEY_ID = TWO # why not
        """,
        "/h/.aws/config": """
        [profile two]\r
        aws_access_key_id = other\r
        aws_secret_access_key = S2=\r
        s3 =
          aws_secret_access_key = nested
        [two]
        aws_secret_access_key = not a profile
        """,
      ])
    #expect(try await machine.credentials() == AWSCredentials(accessKeyID: "TWO", secretAccessKey: "S2="))
    machine.variables["AWS_SHARED_CREDENTIALS_FILE"] = "/elsewhere"
    machine.files["/elsewhere"] = "[two]\naws_access_key_id=E\naws_secret_access_key=S\naws_session_token=T"
    #expect(
      try await machine.credentials() == AWSCredentials(accessKeyID: "E", secretAccessKey: "S", sessionToken: "T"))
  }

  @Test(arguments: [
    ("[default]\nsso_session = x", "profile default uses sso_session"),
    ("[default]\nrole_arn = r", "neither source_profile nor a known credential_source"),
    ("[default]\nrole_arn = r\nsource_profile = nobody", "no profile nobody"),
    ("[default]\nrole_arn = r\nsource_profile = default", "profile default is its own source"),
  ])
  func `says what is wrong with a profile`(_ config: String, _ reason: String) async {
    let machine = Machine(["AWS_CONFIG_FILE": "/c"], files: ["/c": config])
    let error = await #expect(throws: CredentialsError.self) { try await machine.credentials() }
    #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
  }

  @Test func `assumes the role of a profile with the keys of another`() async throws {
    try await AnsweringServer.run({ _ in Answer(assumedRole) }) { server in
      let machine = Machine(
        ["AWS_CONFIG_FILE": "/c", "AWS_ENDPOINT_URL_STS": server.url],
        files: [
          "/c": """
          [default]
          role_arn = arn:aws:iam::1:role/r
          source_profile = keys
          external_id = x y
          region = eu-west-1
          [profile keys]
          aws_access_key_id = K
          aws_secret_access_key = S
          """
        ])
      let found = try await machine.credentials()
      #expect(found.accessKeyID == "ASIASTS" && found.sessionToken == "sts//token==")
      let request = try #require(server.requests.first)
      #expect(
        request.body == """
          Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr\
          &RoleSessionName=xray-daemon&ExternalId=x%20y
          """)
      #expect(request.header("Authorization")?.contains("Credential=K/20261121/eu-west-1/sts/aws4_request") == true)
    }
  }

  @Test func `assumes the role of a web identity, unsigned, with the token of the moment`() async throws {
    try await AnsweringServer.run({ _ in Answer(assumedRole) }) { server in
      let machine = Machine(
        [
          "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "r", "AWS_ROLE_SESSION_NAME": "pod",
          "AWS_ENDPOINT_URL_STS": server.url,
        ], files: ["/token": "e.y=\n"])
      let found = try await machine.credentials()
      #expect(found.expiration?.iso8601 == "2026-11-21T10:07:39.000Z" && found.secretAccessKey == "sts/secret+")
      let request = try #require(server.requests.first)
      #expect(request.header("Authorization") == nil)
      #expect(
        request.body.hasSuffix(
          "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r&RoleSessionName=pod&WebIdentityToken=e.y%3D"))
    }
  }

  @Test func `tells what STS says`() async throws {
    let refusal = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>"
    try await AnsweringServer.run({ _ in .init(403, refusal) }) { server in
      let surroundings = Machine(["AWS_ENDPOINT_URL_STS": server.url]).surroundings
      let keys = ListedKeys()
      let role = AssumedRole("arn:r", from: keys, region: "eu-west-1", in: surroundings)
      let error = await #expect(throws: CredentialsError.self) { try await role.credentials() }
      #expect(
        error?.description == """
          no AWS credentials: role arn:r: AssumeRole was answered by \(server.url) with status 403: \
          AccessDenied: not you
          """)
      #expect(server.requests.first?.header("Authorization")?.contains("/eu-west-1/sts/") == true)
    }
  }

  private struct ListedKeys: CredentialSource {
    let name = "keys"
    func credentials() async throws(CredentialsError) -> AWSCredentials {
      AWSCredentials(accessKeyID: "K", secretAccessKey: "S")
    }
  }
}

typealias Answer = AnsweringServer.Answer
extension AnsweringServer.Answer {
  init(_ body: String) { self.init(200, body) }
}
