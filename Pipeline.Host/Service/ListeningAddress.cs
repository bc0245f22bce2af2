using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Pipeline.Host.Service;

/// <summary>Where the web server of this process is reached.</summary>
internal sealed class ListeningAddress(IServer server)
{
    /// <summary>Addresses that it listens on, once it does; ports that were left to the system (<c>:0</c>) are the real ones.</summary>
    public ICollection<string> Urls => server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [];
}
