import AWSAccess
import NIOCore
import NIOHTTP1
import Testing
import XRayHTTP
import XRayModel

/// AWS's examples use these keys.
private let keys = AWSCredentials(
  accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")

@Suite struct `A signature` {
  private func authorization(
    _ request: HTTPRequest, _ url: String, service: String = "xray", region: String, keys: AWSCredentials = keys,
    seconds: Int = 1_795_252_059
  ) throws -> String {
    var request = request
    let endpoint = try #require(HTTPEndpoint(url: url))
    RequestSigner(service: service, region: region).sign(
      &request, to: endpoint, with: keys, at: Timestamp(seconds: seconds))
    return try #require(request.headers.first(name: "Authorization"))
  }

  /// "Create a signed AWS API request" in the AWS General Reference: IAM's ListUsers on 2015-08-30, 12:36:00.
  @Test func `is that of the published example`() throws {
    let request = HTTPRequest(
      path: "/?Action=ListUsers&Version=2010-05-08",
      headers: ["Content-Type": "application/x-www-form-urlencoded; charset=utf-8"])
    let text = try authorization(
      request, "https://iam.amazonaws.com", service: "iam", region: "us-east-1", seconds: 1_440_938_160)
    #expect(
      text == """
        AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, \
        SignedHeaders=content-type;host;x-amz-date, \
        Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7
        """)
  }

  struct Case: Sendable {
    var method: HTTPMethod = .POST
    var url: String
    var path: String
    var type: String?
    var body = ""
    var region: String
    var token: String?
    var signature: String
  }

  /// Computed by botocore 1.43.11: `SigV4Auth(credentials, "xray", region).add_auth(AWSRequest(…))` with its clock
  /// at 2026-11-21T09:07:39Z and the same keys.
  @Test(arguments: [
    Case(
      url: "https://xray.eu-west-1.amazonaws.com", path: "/TraceSegments", type: "application/json",
      body: #"{"TraceSegmentDocuments":["{}"]}"#, region: "eu-west-1", token: "AQoDYXdz//token==",
      signature: "d5d1292d97cb6420a3fad1ef130c47a93e1a1ad1790be0f675cea16378c06022"),
    Case(
      url: "https://xray.eu-west-1.amazonaws.com", path: "/TraceSegments", type: "application/json",
      body: #"{"TraceSegmentDocuments":["{}"]}"#, region: "eu-west-1",
      signature: "d21ab3cccc88e778e2feb598b9e743e03d41cb50076f3957b200fdbab87748e5"),
    Case(
      method: .GET, url: "http://localhost:4566/base", path: "/a%20b/../c//d/?z=1&b=%2F&a&b=", region: "us-east-1",
      signature: "b898ac19b20170e5277401cca6a4dafb0a558df2be8c0b11d3656cc26c7c3645"),
    Case(
      method: .DELETE, url: "https://xray.cn-north-1.amazonaws.com.cn", path: "/Groups", type: "a  b   c",
      region: "cn-north-1", token: "AQoDYXdz//token==",
      signature: "7a26e6438ee1129b6ccca0e5892ef4179558e3d231967c4f1cc86c47cb97bfca"),
    Case(
      url: "https://xray.us-east-1.amazonaws.com", path: "/TraceSegments", type: "application/json",
      body: String(repeating: "A", count: 60_000), region: "us-east-1", token: "AQoDYXdz//token==",
      signature: "9a77734215be392524d55182ad79d98b76e426923603529c8a43c5ea8b1996ad"),
  ])
  func `is botocore's`(_ test: Case) throws {
    var request = HTTPRequest(test.method, path: test.path, body: ByteBuffer(string: test.body))
    if let type = test.type { request.headers.add(name: "Content-Type", value: type) }
    // Neither is signed: both may be changed on the way.
    request.headers.add(name: "User-Agent", value: "test")
    request.headers.add(name: "X-Amzn-Trace-Id", value: "Root=1")
    var keys = keys
    keys.sessionToken = test.token
    let text = try authorization(request, test.url, region: test.region, keys: keys)
    #expect(text.hasSuffix("Signature=\(test.signature)"))
  }

  @Test func `replaces an older one, and its key follows the day and the secret`() throws {
    let signer = RequestSigner(service: "xray", region: "eu-west-1")
    let endpoint = try #require(HTTPEndpoint(url: "https://xray.eu-west-1.amazonaws.com"))
    var other = keys
    other.secretAccessKey = "other"
    other.sessionToken = "token"
    func signed(_ request: HTTPRequest, _ signer: RequestSigner, _ keys: AWSCredentials, _ day: Int) -> HTTPRequest {
      var request = request
      signer.sign(&request, to: endpoint, with: keys, at: Timestamp(seconds: 1_795_252_059 + day * 86_400))
      return request
    }
    let first = signed(HTTPRequest(path: "/"), signer, other, 0)
    for (keys, day) in [(keys, 0), (keys, 1), (other, 1), (keys, 0)] {
      let fresh = RequestSigner(service: "xray", region: "eu-west-1")
      let expected = signed(HTTPRequest(path: "/"), fresh, keys, day)
      let actual = signed(first, signer, keys, day)
      #expect(actual.headers.first(name: "Authorization") == expected.headers.first(name: "Authorization"))
      #expect(actual.headers[canonicalForm: "X-Amz-Security-Token"].count == (keys.sessionToken == nil ? 0 : 1))
    }
  }

  @Test func `shows no secret of the credentials`() {
    var keys = keys
    keys.sessionToken = "TOKEN"
    var dumped = ""
    dump(keys, to: &dumped)
    for text in ["\(keys)", String(reflecting: keys), dumped, "\([keys])", "\(Optional(keys) as Any)"] {
      #expect(!text.contains("wJalr") && !text.contains("TOKEN") && text.contains("AKIDEXAMPLE"))
    }
  }
}
