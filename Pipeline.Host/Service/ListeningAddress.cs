using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;
using Pipeline.Host.Kafka;
using Pipeline.Host.Status;
using Pipeline.Host.Web;

namespace Pipeline.Host.Service;

/// <summary>Where the web server of this process is reached.</summary>
internal sealed class ListeningAddress(IServer server, IOptions<WebOptions> options)
{
    /// <summary>Addresses that it listens on, once it does; ports that were left to the system (<c>:0</c>) are the real ones.</summary>
    public ICollection<string> Urls => server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];

    /// <summary>Tells the other members of the group; before the consumer is created.</summary>
    public void Announce(KafkaOptions kafka) => MemberAddress.Announce(kafka, options.Value.AdvertisedUrl, Urls);
}
