import AWSAccess
import NIOCore
import NIOHTTP1
import ServiceServer
import Testing
import XRayHTTP
import XRayModel

extension ServiceServerTests {
  struct Access {
    private static let keys = AWSCredentials(accessKeyID: "AKIAEXAMPLE", secretAccessKey: "very/secret+key")
    private static let temporaryKeys = AWSCredentials(
      accessKeyID: "ASIAEXAMPLE", secretAccessKey: "another", sessionToken: "session")
    private static let file = """
      # who may call
      [alice]
      aws_access_key_id = AKIAEXAMPLE
      aws_secret_access_key = very/secret+key
      [lambda]
      aws_access_key_id = ASIAEXAMPLE
      aws_secret_access_key = another
      aws_session_token = session
      [dashboard]
      bearer_token = a-long-random-word
      """

    private func withKeys(_ body: (TestService) async throws -> Void) async throws {
      let file = try AccessKeyFile(parsing: Self.file)
      try await withService({ $0.access = AccessPolicy(file) }, body)
    }

    private func signed(
      _ service: TestService, with keys: AWSCredentials = keys, off: Duration = .zero, region: String = "eu-west-1",
      scope: String = "xray", _ change: (inout HTTPRequest) -> Void = { _ in }
    ) async throws -> HTTPResponse {
      var request = HTTPRequest(
        .POST, path: "/TraceSegments", headers: ["Content-Type": "application/json"], body: Array(Sample().put.utf8))
      RequestSigner(service: scope, region: region).sign(
        &request, to: service.client.endpoint, with: keys, at: SystemClock().now.advanced(by: off))
      change(&request)
      return try await service.client.execute(request)
    }

    @Test func `signed calls are taken, for any region and with session tokens`() async throws {
      try await withKeys { service in
        let plain = try await signed(service)
        #expect(plain.status == 200)
        #expect(try await signed(service, off: .seconds(-200), region: "us-east-1").status == 200)
        #expect(try await signed(service, with: Self.temporaryKeys).status == 200)
        #expect(try await service.store.statistics().documents == 3)
      }
    }

    @Test func `everything but health and readiness needs a signature or a token`() async throws {
      try await withKeys { service in
        for path in ["/", "/metrics", "/fidelity"] {
          let answer = try await service.get(path)
          #expect(answer.status == 403)
          #expect(answer.errorType == "MissingAuthenticationTokenException")
        }
        for path in ["/TraceSegments", "/v1/traces", "/api/v2/spans"] {
          #expect(try await service.post(path, "{}").status == 403)
        }
        #expect(try await service.get("/healthz").status == 200)
        #expect(try await service.get("/readyz").status == 200)
        let stream = try RawConnection(port: service.port)
        await stream.send(#"{"format":"json","version":1}"# + "\n" + Sample().document + "\n")
        #expect(await stream.receiveAll().isEmpty)
        #expect(try await service.store.statistics().received == 0)
      }
    }

    @Test func `what is signed wrongly is refused as AWS refuses it`() async throws {
      try await withKeys { service in
        func refusal(_ response: HTTPResponse) -> String? { response.status == 403 ? response.errorType : nil }
        var keys = Self.keys
        keys.secretAccessKey = "very/secret+kez"
        #expect(refusal(try await signed(service, with: keys)) == "InvalidSignatureException")
        keys = Self.keys
        keys.accessKeyID = "AKIASTRANGER"
        #expect(refusal(try await signed(service, with: keys)) == "UnrecognizedClientException")
        keys = Self.keys
        keys.sessionToken = "made up"
        #expect(refusal(try await signed(service, with: keys)) == "UnrecognizedClientException")
        for off in [-400, 400] {
          let answer = try await signed(service, off: .seconds(off))
          #expect(refusal(answer) == "InvalidSignatureException")
          #expect(answer.text.contains(off < 0 ? "Signature expired" : "Signature not yet current"))
        }
        #expect(refusal(try await signed(service, scope: "s3")) == "InvalidSignatureException")
        let body = try await signed(service) { $0.body = ByteBuffer(string: Sample().put) }
        #expect(refusal(body) == "InvalidSignatureException")
        let path = try await signed(service) { $0.path = "/Traces" }
        #expect(refusal(path) == "InvalidSignatureException")
        let type = try await signed(service) { $0.headers.replaceOrAdd(name: "Content-Type", value: "text/plain") }
        #expect(refusal(type) == "InvalidSignatureException")
        let unsigned = try await signed(service) { $0.headers.add(name: "X-Amz-Target", value: "more") }
        #expect(refusal(unsigned) == "InvalidSignatureException")
        for header in ["AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=a/b, Signature=zz", "Basic YTpi"] {
          let answer = try await signed(service) { $0.headers.replaceOrAdd(name: "Authorization", value: header) }
          #expect(refusal(answer) == "IncompleteSignatureException")
        }
        #expect(try await service.store.statistics().received == 0)
      }
    }

    @Test func `bearer tokens are taken when they are right`() async throws {
      try await withKeys { service in
        let right = try await service.get("/metrics", headers: ["Authorization": "Bearer a-long-random-word"])
        #expect(right.status == 200)
        let put = try await service.post(
          "/TraceSegments", Sample().put, headers: ["authorization": "bearer a-long-random-word"])
        #expect(put.status == 200)
        for token in ["", "a-long-random-wor", "a-long-random-word2", "very/secret+key"] {
          let wrong = try await service.get("/metrics", headers: ["Authorization": "Bearer \(token)"])
          #expect(wrong.status == 403)
        }
      }
    }

    @Test(arguments: [
      "", "[a]", "aws_access_key_id = A", "[a]\naws_access_key_id = A", "[a]\nbearer_token = short",
      "[a]\nbearer_token = has a blank in it",
    ]) func `a file that lets nobody in is an error`(text: String) {
      #expect(throws: AccessKeyFileError.self) { try AccessKeyFile(parsing: text) }
    }

    @Test func `AWS's own example of a signature is verified`() throws {
      let verifier = SignatureVerifier(
        services: ["service"],
        keys: [
          AWSCredentials(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
        ])
      let headers: HTTPHeaders = [
        "Host": "example.amazonaws.com", "X-Amz-Date": "20150830T123600Z",
        "Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
          + "SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
      ]
      let noon = Timestamp(seconds: 1_440_938_160)
      try verifier.verify(.GET, target: "/", headers: headers, body: ByteBuffer(), at: noon)
      #expect(throws: SignatureError.self) {
        try verifier.verify(.GET, target: "/a", headers: headers, body: ByteBuffer(), at: noon)
      }
    }
  }
}
