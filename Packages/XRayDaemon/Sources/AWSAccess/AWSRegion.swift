public import XRayHTTP

/// Regions as parts of host names.
public enum AWSRegion {
  /// The X-Ray API of a region: `https://xray.eu-west-1.amazonaws.com`. `nil` for what is no region's name.
  public static func xrayEndpoint(_ region: String) -> HTTPEndpoint? {
    guard isWellFormed(region) else { return nil }
    return HTTPEndpoint(host: "xray.\(region).\(domain(of: region))", port: 443, isSecure: true)
  }

  /// Small letters, digits and hyphens, 63 characters at most.
  static func isWellFormed(_ region: String) -> Bool {
    !region.isEmpty && region.utf8.count <= 63 && region.first != "-" && region.last != "-"
      && region.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (48..<58).contains(byte) || byte == UInt8(ascii: "-")
      }
  }

  /// The domain of the partition that a region belongs to.
  static func domain(of region: String) -> String {
    let domains = [
      "cn-": "amazonaws.com.cn", "us-iso-": "c2s.ic.gov", "us-isob-": "sc2s.sgov.gov", "us-isof-": "csp.hci.ic.gov",
      "eu-isoe-": "cloud.adc-e.uk", "eusc-": "amazonaws.eu",
    ]
    return domains.first { region.hasPrefix($0.key) }?.value ?? "amazonaws.com"
  }
}
