using System.Net;
using Pipeline.Host.Kafka;

namespace Pipeline.Host.Status;

/// <summary>
/// How a member of the group says where it is reached: behind an @ in the client's id (<c>pipeline@http://10.0.0.7:8080</c>), which every
/// description of the group shows. An asterisk stands for the host from which the brokers see it.
/// </summary>
internal static class MemberAddress
{
    private const string IdSetting = "client.id", DefaultId = "pipeline", AnyHost = "*";
    private const char Separator = '@';

    /// <summary>Adds the address to the consumer's id, unless the options set one for consumers.</summary>
    /// <param name="options">Changed.</param>
    /// <param name="advertised">The address as it was set; null: the first of <paramref name="urls"/>.</param>
    /// <param name="urls">Where the process listens.</param>
    public static void Announce(KafkaOptions options, Uri? advertised, IEnumerable<string> urls)
    {
        if (Find(options.ConsumerProperties) is null && (advertised?.GetLeftPart(UriPartial.Authority) ?? Of(urls)) is { } address)
            options.ConsumerProperties[IdSetting] = $"{Find(options.Properties) ?? DefaultId}{Separator}{address}";
    }

    /// <summary>Where a member is reached; null when its id does not say so.</summary>
    /// <param name="clientId">Its client's id.</param>
    /// <param name="host">Where the brokers see it.</param>
    public static Uri? Read(string clientId, string host)
    {
        var at = clientId.IndexOf(Separator, StringComparison.Ordinal);
        if (at < 0)
            return null;
        var address = clientId[(at + 1)..].Replace($"//{AnyHost}:", $"//{HostOf(host)}:", StringComparison.Ordinal);
        return Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? uri : null;
    }

    private static string? Of(IEnumerable<string> urls)
    {
        if (!Uri.TryCreate(urls.FirstOrDefault()?.Replace("//+", "//0.0.0.0", StringComparison.Ordinal).Replace("//*", "//0.0.0.0", StringComparison.Ordinal), UriKind.Absolute, out var uri))
            return null;
        var everywhere = IPAddress.TryParse(uri.Host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));
        return everywhere ? FormattableString.Invariant($"{uri.Scheme}://{AnyHost}:{uri.Port}") : uri.GetLeftPart(UriPartial.Authority);
    }

    // Brokers write /10.0.0.7 or host/10.0.0.7.
    private static string HostOf(string host)
    {
        var bare = host[(host.LastIndexOf('/') + 1)..];
        return bare.Contains(':', StringComparison.Ordinal) ? $"[{bare}]" : bare;
    }

    private static string? Find(Dictionary<string, string> settings) =>
        settings.FirstOrDefault(setting => ClientSettings.NameOf(setting.Key) == IdSetting).Value;
}
