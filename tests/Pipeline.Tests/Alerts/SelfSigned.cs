using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AaClip.Pipeline.Tests.Alerts;

/// <summary>A certificate that no platform trusts.</summary>
internal static class SelfSigned
{
    public static X509Certificate2 Certificate()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        SubjectAlternativeNameBuilder names = new();
        names.AddDnsName("localhost");
        CertificateRequest request = new("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
