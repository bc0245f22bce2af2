using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Pipeline.Host.Web;
using Pipeline.Tests.Kafka;
using Xunit;

namespace Pipeline.Tests.Host;

public sealed class ConnectionLimitTests
{
    private const int Most = 8, Opened = 40;

    [Theory]
    [InlineData(256, 1_048_576L, 256)]
    [InlineData(256, 1_024L, 256)]
    [InlineData(1_000, 1_024L, 256)]
    [InlineData(256, 100L, 25)]
    [InlineData(256, 4L, 8)]
    [InlineData(100_000, null, 100_000)]
    public void The_web_server_has_a_quarter_of_the_file_handles_at_most(int wanted, long? openFiles, int most) => Assert.Equal(most, ConnectionLimit.Of(wanted, openFiles));

    [Fact]
    public async Task Idle_connections_beyond_the_limit_are_closed_and_the_server_answers_when_others_end()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var log = new ListLogger<RejectedConnections>();
        await using var server = await StartAsync(log);
        var address = new Uri(server.Urls.First());
        var clients = new List<TcpClient>();
        var open = new List<Task>();     // one that is closed at once ends as the same task as others
        for (var i = 0; i < Opened; i++)
        {
            var client = new TcpClient();
            clients.Add(client);
            await client.ConnectAsync(address.Host, address.Port, patience.Token);
            open.Add(EndAsync(client, patience.Token));
        }

        while (open.Count > Most)
            open.Remove(await Task.WhenAny(open).WaitAsync(patience.Token));
        Assert.All(open, end => Assert.False(end.IsCompleted));
        clients.ForEach(client => client.Dispose());

        Assert.Equal("ok", await AnswerAsync(address, patience.Token));
        Assert.StartsWith("Too many connections at once: 1 closed", Assert.Single(log.At(LogLevel.Warning)), StringComparison.Ordinal);
    }

    /// <summary>Ends when the server closes the connection.</summary>
    private static async Task EndAsync(TcpClient client, CancellationToken stop)
    {
        try
        {
            Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], stop));
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Closed by a reset, or by this test.
        }
    }

    private static async Task<string> AnswerAsync(Uri address, CancellationToken stop)
    {
        using var client = new HttpClient();
        while (true)
            try
            {
                return await client.GetStringAsync(address, stop);
            }
            catch (HttpRequestException) when (!stop.IsCancellationRequested)
            {
                // The server has not yet seen that the connections before have ended.
            }
    }

    private static async Task<WebApplication> StartAsync(ILogger<RejectedConnections> log)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(log);
        builder.Services.AddConnectionLimit(Most);
        var application = builder.Build();
        application.MapGet("/", () => "ok");
        await application.StartAsync();
        return application;
    }
}
