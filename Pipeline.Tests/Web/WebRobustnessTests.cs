using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Pipeline.Tests.Web;

/// <summary>Requests that nobody should send, connections that nobody uses, readers who do not read.</summary>
public sealed class WebRobustnessTests
{
    private static readonly string[] Paths =
    [
        "/", "/api/beds", "/api/patients/P1", "/api/patients/P1/samples", "/api/live", "/api/history", "/api/alarms", "/api/patients/P1/events", "/api/session", "/api/names", "/api/audit",
        "/api/patients/P1/alarms/acknowledge", "/api/patients/P1/alarms/pause", "/api/patients/P1/alarms/limits", "/signin/openid", "/texts/en.json", "/nothing",
    ];

    private static readonly string[] Keys = ["patient", "metric", "minutes", "every", "points", "all", "from", "to", "code", "x"];

    [Fact]
    public async Task Ten_thousand_random_requests_break_nothing()
    {
        var (ward, tokens) = await WebWard.StartWithUsersAsync(access => (access.RequestsPerSecond, access.SignInsPerMinute, access.Streams) = (100_000, 10_000, 10_000));
        await using var _ = ward;
        await ward.ShowAsync("P1", "b1", 130);
        var random = new Random(1);
        var requests = Enumerable.Range(0, 10_000).Select(_ => Make(random, tokens)).ToArray();
        var client = ward.Client();
        var counts = new int[600];

        await Parallel.ForEachAsync(requests, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (request, stop) =>
        {
            using (request)
            {
                // A stream is not read to its end.
                using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
                Interlocked.Increment(ref counts[(int)answer.StatusCode]);
            }
        });

        Assert.Equal(0, counts[500..].Sum());
        Assert.True(counts[401] > 1_000 && counts[400] > 100 && counts[200] > 100, string.Join(' ', counts.Select((count, status) => (count, status)).Where(one => one.count > 0)));
        using var beds = await ward.Client(tokens["nurse"]).GetAsync("/api/beds");
        Assert.Contains("P1", await beds.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.All(ward.Sent, sent => Assert.Contains("machine", sent.Command.By, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        var (ward, tokens) = await WebWard.StartWithUsersAsync();
        await using var _ = ward;
        await ward.ShowAsync("P1", "b1", 130);

        using var answer = await ward.Client(tokens["nurse"]).PostAsync(
            "/api/patients/P1/alarms/acknowledge", new StringContent($$"""{"number":1,"why":"{{new string('x', 100_000)}}"}""", Encoding.UTF8, "application/json"));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        Assert.Empty(ward.Sent);
    }

    [Fact]
    public async Task Fifteen_hundred_connections_that_nobody_uses_are_closed_above_the_limit_those_in_use_go_on_and_a_new_browser_gets_in()
    {
        const int Limit = 256;
        await using var ward = await WebWard.StartAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await ward.ShowAsync("P1", "b1", 72);
        using var stream = await ward.Client().GetAsync("/api/live?patient=P1&all=true", HttpCompletionOption.ResponseHeadersRead, patience.Token);
        using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync(patience.Token));
        var idle = new List<Socket>();
        try
        {
            for (var i = 0; i < 1_500; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                idle.Add(socket);
                await socket.ConnectAsync(IPAddress.Loopback, ward.Url.Port, patience.Token);
            }
            using (var answer = await ward.Client().GetAsync("/api/beds", patience.Token))
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

            var line = lines.ReadLineAsync(patience.Token).AsTask();
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            do
                ward.Publish("P1");
            while (await timer.WaitForNextTickAsync(patience.Token) && !line.IsCompleted);
            Assert.StartsWith("data: ", await line, StringComparison.Ordinal);
            await Task.WhenAll(idle[..^Limit].Select(socket => EndsAsync(socket, patience.Token)));
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }

        static async Task EndsAsync(Socket socket, CancellationToken stop)
        {
            try
            {
                Assert.Equal(0, await socket.ReceiveAsync(new byte[1], stop));
            }
            catch (SocketException)
            {
                // Reset.
            }
        }
    }

    [Fact]
    public async Task A_reader_who_does_not_read_misses_samples_and_holds_up_nobody()
    {
        const int Read = 150;
        await using var ward = await WebWard.StartAsync();
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var slow = await ward.Client().GetAsync("/api/live?patient=P1&all=true", HttpCompletionOption.ResponseHeadersRead, patience.Token);
        using var quick = await ward.Client().GetAsync("/api/live?patient=P1&all=true", HttpCompletionOption.ResponseHeadersRead, patience.Token);
        using var lines = new StreamReader(await quick.Content.ReadAsStreamAsync(patience.Token));
        var before = GC.GetTotalMemory(forceFullCollection: true);

        // With each grant of a reader more than it has room for: ten megabytes are read by the one, and as much stands before the other.
        ward.Tap.Changed = () =>
        {
            for (var i = 0; i < 20; i++)
                ward.Publish("P1", count: 10_000);
        };
        var read = 0;
        while (read < Read && await lines.ReadLineAsync(patience.Token) is { } line)
            read += line.StartsWith("data: ", StringComparison.Ordinal) ? 1 : 0;
        ward.Tap.Changed = null;

        Assert.Equal(Read, read);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 32 << 20);
        using var answer = await ward.Client().GetAsync("/api/beds", patience.Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    private static HttpRequestMessage Make(Random random, IReadOnlyDictionary<string, string> tokens)
    {
        var path = new StringBuilder(Paths[random.Next(Paths.Length)]);
        if (random.Next(4) == 0 && path.Length > 1)
            path.Append('/').Append(Uri.EscapeDataString(Text(random)));
        path.Append('?');
        for (var i = random.Next(5); i > 0; i--)
            path.Append(Keys[random.Next(Keys.Length)]).Append('=').Append(Uri.EscapeDataString(random.Next(3) == 0 ? "P1" : Text(random))).Append('&');
        var request = new HttpRequestMessage(new HttpMethod(new[] { "GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD", "PATCH" }[random.Next(8)]), path.ToString());
        if (request.Method != HttpMethod.Get && request.Method != HttpMethod.Head)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(random.Next(3) switch
            {
                0 => Text(random),
                1 => $$"""{"number":{{random.Next(-2, 5)}},"seconds":{{random.Next(-5, 900)}},"why":"{{random.Next()}}","heartRateHigh":{{random.Next(-9, 400)}}}""",
                _ => $$"""{"name":"nurse","password":{{random.Next()}},"why":[[[[{"a":1e999}]]]]}""",
            }));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(random.Next(5) == 0 ? "text/plain" : "application/json");
        }
        request.Headers.TryAddWithoutValidation("Authorization", random.Next(3) switch
        {
            0 => $"Bearer {tokens.Values.ElementAt(random.Next(tokens.Count))}",
            1 => $"Bearer {Convert.ToHexString(Encoding.UTF8.GetBytes(Text(random)))}",
            _ => null,
        });
        request.Headers.TryAddWithoutValidation("Cookie", random.Next(3) == 0 ? $"pipeline_session={Convert.ToBase64String(Encoding.UTF8.GetBytes(Text(random)))}" : null);
        return request;
    }

    private static string Text(Random random) => random.Next(6) switch
    {
        0 => "",
        1 => random.NextDouble().ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        2 => $"{random.Next(-10, 100_000)}",
        3 => "NaN",
        4 => new string('a', random.Next(2_000)),
        _ => string.Concat(Enumerable.Range(0, random.Next(1, 20)).Select(_ => (char)random.Next(32, 0x2fff))),
    };
}
