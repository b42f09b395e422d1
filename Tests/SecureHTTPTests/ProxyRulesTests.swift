import SecureHTTP
import Testing
import XRayHTTP

@Suite struct `Proxy rules` {
  private func proxy(_ url: String, address: String? = nil, _ environment: [String: String]) throws -> String? {
    let endpoint = try #require(HTTPEndpoint(url: url))
    return try ProxyRules(address: address, environment: environment).proxy(for: endpoint)?.description
  }

  @Test func `prefer what the user gave, for every request`() throws {
    let environment = ["HTTPS_PROXY": "http://env:3128"]
    #expect(try proxy("https://x.com", address: "given:1", environment) == "http://given:1")
    #expect(try proxy("http://x.com", address: "given:1", environment) == "http://given:1")
    #expect(try proxy("https://x.com", address: "", environment) == "http://env:3128")
    #expect(try proxy("http://x.com", environment) == nil)
    #expect(try proxy("https://x.com", ["https_proxy": "low:2", "HTTPS_PROXY": ""]) == "http://low:2")
    #expect(try proxy("https://x.com", [:]) == nil)
  }

  @Test(arguments: [
    ("x.com", true), ("X.com, y", true), (".com", true), (".x.com", false), ("*.com", true), ("*", true),
    ("com", true), ("om", false), ("x.com:443", true), ("x.com:80", false), ("y.x.com", false), ("", false),
    (",", false),
  ])
  func `leave out the hosts of NO_PROXY`(_ list: String, _ isDirect: Bool) throws {
    for name in ["NO_PROXY", "no_proxy"] {
      let found = try proxy("https://x.com", address: "p:1", [name: list])
      #expect((found == nil) == isDirect)
    }
  }

  @Test func `leave out IPv6 addresses of NO_PROXY`() throws {
    for list in ["fd00::1", "[fd00::1]", "[fd00::1]:443"] {
      #expect(try proxy("https://[fd00::1]", address: "p:1", ["NO_PROXY": list]) == nil)
    }
    #expect(try proxy("https://[fd00::1]", address: "p:1", ["NO_PROXY": "[fd00::1]:80"]) != nil)
  }

  @Test(arguments: ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
  func `leave out this machine`(_ host: String) throws {
    #expect(try proxy("http://\(host):2000", address: "p:1", [:]) == nil)
  }

  @Test(arguments: ["https://p:1", "socks5://u:secret@p:1", "p:x", "http://", "u:%zzsecret@p", ":"])
  func `refuse what is no proxy, without telling secrets`(_ text: String) throws {
    let error = #expect(throws: OutgoingProxyError.self) { try ProxyRules(address: text, environment: [:]) }
    #expect(error?.description.contains("secret") == false)
  }

  @Test func `tell no secrets`() throws {
    let proxy = try OutgoingProxy("u:secret@p:1")
    var dumped = ""
    dump(proxy, to: &dumped)
    for text in ["\(proxy)", String(reflecting: proxy), dumped] {
      #expect(!text.contains("dTpz") && !text.contains("Basic"))
    }
  }
}
