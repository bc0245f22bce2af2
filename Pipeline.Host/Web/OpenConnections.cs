using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Pipeline.Host.Web;

/// <summary>
/// The web server's connections. Where one more would be too many, the one that has been idle for longest makes room, of the address that holds most: who opens many
/// keeps nobody else out. One that answers a request is never closed; where all do, the newest is. Thread-safe.
/// </summary>
/// <param name="most">Most at once.</param>
/// <param name="closed">Told of each that is closed.</param>
/// <param name="time">The clock.</param>
internal sealed class OpenConnections(int most, ClosedConnections closed, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly HashSet<Client> _open = [];    // without those that are being closed

    /// <summary>Serves a connection, before anything is read from it.</summary>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var client = new Client(connection, (connection.RemoteEndPoint as IPEndPoint)?.Address, time.GetTimestamp());
        if (Enter(client) is { } left)
        {
            closed.Add(left.Address);
            left.Connection.Abort(new ConnectionAbortedException("Too many connections at once."));
            if (left == client)
                return;
        }
        connection.Features.Set(client);
        try
        {
            await next(connection);
        }
        finally
        {
            lock (_lock)
                _open.Remove(client);
        }
    }

    /// <summary>Answers a request: its connection is in use meanwhile.</summary>
    public async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        var client = context.Features.Get<Client>();
        Use(client, 1);
        try
        {
            await next(context);
        }
        finally
        {
            Use(client, -1);
        }
    }

    private void Use(Client? client, int requests)
    {
        if (client is null)
            return;
        lock (_lock)
            (client.Requests, client.UsedAt) = (client.Requests + requests, time.GetTimestamp());
    }

    /// <summary>Takes it in; answers which is to leave, null: none.</summary>
    private Client? Enter(Client client)
    {
        lock (_lock)
        {
            _open.Add(client);
            if (_open.Count <= most)
                return null;
            var counts = _open.CountBy(one => one.Address ?? IPAddress.None).ToDictionary();
            var left = _open.Where(one => one.Requests == 0 && one != client).OrderByDescending(one => counts[one.Address ?? IPAddress.None]).ThenBy(one => one.UsedAt).FirstOrDefault() ?? client;
            _open.Remove(left);
            return left;
        }
    }

    private sealed class Client(ConnectionContext connection, IPAddress? address, long usedAt)
    {
        public ConnectionContext Connection { get; } = connection;

        public IPAddress? Address { get; } = address;

        /// <summary>Requests that are being answered (several with HTTP/2).</summary>
        public int Requests { get; set; }

        /// <summary>When it came, or its last request began or ended.</summary>
        public long UsedAt { get; set; } = usedAt;
    }
}
