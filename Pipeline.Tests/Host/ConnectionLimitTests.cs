using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
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
        var log = new ListLogger<ClosedConnections>();
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

    [Fact]
    public async Task Who_keeps_all_connections_open_makes_room_for_others_whose_own_stay()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var server = await StartAsync(new ListLogger<ClosedConnections>());
        var address = new Uri(server.Urls.First());
        var greedy = new List<Task>();
        using var nurse = new HttpClient();
        var clients = new List<TcpClient>();

        await OpenManyAsync();
        Assert.Equal("ok", await nurse.GetStringAsync(address, patience.Token));
        var hers = server.Services.GetRequiredService<Seen>().Connection;
        await OpenManyAsync();
        Assert.Equal("ok", await nurse.GetStringAsync(address, patience.Token));

        Assert.Equal(hers, server.Services.GetRequiredService<Seen>().Connection);
        while (greedy.Count(end => !end.IsCompleted) > Most - 1)
            await Task.WhenAny(greedy.Where(end => !end.IsCompleted)).WaitAsync(patience.Token);
        clients.ForEach(client => client.Dispose());

        async Task OpenManyAsync()
        {
            for (var i = 0; i < Opened; i++)
            {
                var client = new TcpClient(new IPEndPoint(IPAddress.Parse("127.0.0.2"), 0));
                clients.Add(client);
                await client.ConnectAsync(address.Host, address.Port, patience.Token);
                greedy.Add(EndAsync(client, patience.Token));
            }
        }
    }

    [Fact]
    public async Task Connections_that_answer_are_never_closed_for_others()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var server = await StartAsync(new ListLogger<ClosedConnections>());
        var address = new Uri(server.Urls.First());
        using var client = new HttpClient();
        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < Most; i++)
            answers.Add(await client.GetAsync(new Uri(address, "/stream"), HttpCompletionOption.ResponseHeadersRead, patience.Token));

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync(address, patience.Token));

        server.Services.GetRequiredService<Seen>().MayEnd.SetResult();
        foreach (var answer in answers)
            Assert.Equal("begun, ended", await answer.Content.ReadAsStringAsync(patience.Token));
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

    private static async Task<WebApplication> StartAsync(ILogger<ClosedConnections> log)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(log);
        builder.Services.AddSingleton<Seen>();
        builder.Services.AddConnectionLimit(Most);
        var application = builder.Build();
        application.MapGet("/", (HttpContext context, Seen seen) =>
        {
            seen.Connection = context.Connection.Id;
            return "ok";
        });
        application.MapGet("/stream", async (HttpContext context, Seen seen) =>
        {
            await context.Response.WriteAsync("begun");
            await context.Response.Body.FlushAsync();
            await seen.MayEnd.Task;
            await context.Response.WriteAsync(", ended");
        });
        await application.StartAsync();
        return application;
    }

    /// <summary>What the server saw, and what it waits for.</summary>
    private sealed class Seen
    {
        public string Connection { get; set; } = "";

        public TaskCompletionSource MayEnd { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
