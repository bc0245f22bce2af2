using System.Buffers;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Pipeline.Host.Store;
using Pipeline.Models;
using Pipeline.Models.Alarms;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Web;

/// <summary>The pages as a browser gets them, of a process that is in no cluster.</summary>
public sealed partial class PagesTests : IAsyncLifetime
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "pages");
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private WebWard _ward = null!;          // set before each test
    private HttpClient _browser = null!;    // likewise

    public async Task InitializeAsync()
    {
        _ward = await WebWard.StartAsync();
        _browser = _ward.Client();
    }

    public async Task DisposeAsync()
    {
        await _ward.DisposeAsync();
        _patience.Dispose();
    }

    [Fact]
    public async Task The_ward_is_the_first_page_and_says_what_a_browser_may_do_with_it()
    {
        using var answer = await _browser.GetAsync("/");

        Assert.Equal((HttpStatusCode.OK, "text/html"), (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType));
        Assert.Contains("ward.js", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("default-src 'self'", string.Join(' ', answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Equal("nosniff", string.Join(' ', answer.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task What_a_page_asks_for_is_there()
    {
        string[] pages = [.. Directory.EnumerateFiles(Folder, "*.html").Select(path => Path.GetFileName(path))];
        Assert.NotEmpty(pages);
        foreach (var file in pages.Concat(Directory.EnumerateFiles(Folder, "*.js").Select(path => Path.GetFileName(path))))
        {
            foreach (Match asked in Asked().Matches(await File.ReadAllTextAsync(Path.Combine(Folder, file))))
            {
                using var answer = await _browser.GetAsync(asked.Groups[1].Value.TrimStart('.'));
                Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{file} asks for {asked.Groups[1].Value}: {answer.StatusCode}");
            }
        }
    }

    [Fact]
    public void Every_text_stands_in_both_languages_and_every_text_of_a_page_is_there()
    {
        var (english, german) = (TextsOf("en"), TextsOf("de"));

        Assert.Equal(english.Keys.Order(), german.Keys.Order());
        Assert.All(english, text => Assert.Equal(Holes().Matches(text.Value).Select(hole => hole.Value).Order(), Holes().Matches(german[text.Key]).Select(hole => hole.Value).Order()));
        foreach (var path in Directory.EnumerateFiles(Folder).Where(path => path.EndsWith(".html", StringComparison.Ordinal) || path.EndsWith(".js", StringComparison.Ordinal)))
            foreach (Match used in Used().Matches(File.ReadAllText(path)))
                Assert.True(english.ContainsKey(used.Groups[1].Value), $"{Path.GetFileName(path)} uses the text {used.Groups[1].Value}.");
        Assert.All(Enum.GetValues<AlarmKind>().Where(kind => kind != AlarmKind.None), kind => Assert.Contains($"alarm.{AlarmNames.Of(kind)}", english.Keys));
        Assert.All(Enum.GetValues<EstimateStatus>(), status => Assert.Contains($"status.{Names.Of(status)}", english.Keys));
    }

    [Fact]
    public async Task The_strips_of_several_beds_come_over_one_connection_and_only_while_somebody_looks()
    {
        // Both beds are looked at, by one connection, when the second change of the lookers is told; then nobody is.
        var (looked, left) = (new TaskCompletionSource(), new TaskCompletionSource());
        var changes = 0;
        _ward.Tap.Changed = () =>
        {
            if (Interlocked.Increment(ref changes) >= 2)
                looked.TrySetResult();
            if (!_ward.Tap.IsUsed)
                left.TrySetResult();
        };
        using (var answer = await _browser.GetAsync("/api/live?patient=P1&patient=P2&all=true", HttpCompletionOption.ResponseHeadersRead, _patience.Token))
        {
            Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
            await looked.Task.WaitAsync(_patience.Token);
            foreach (var patient in new[] { "P1", "P2", "P3" })
                _ward.Publish(patient);
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(_patience.Token));
            var seen = new HashSet<string?>();
            while (seen.Count < 2 && await lines.ReadLineAsync(_patience.Token) is { } line)
                if (line.StartsWith("data: ", StringComparison.Ordinal))
                    seen.Add(JsonDocument.Parse(line[6..]).RootElement.GetProperty("patient").GetString());
            Assert.Equal(["P1", "P2"], seen.Order());
        }
        await left.Task.WaitAsync(_patience.Token);
    }

    [Theory]
    [InlineData("/api/live")]
    [InlineData("/api/live?patient=P1&points=-1")]
    [InlineData("/api/live?patient=P1&points=1e9")]
    [InlineData("/api/history")]
    [InlineData("/api/history?metric=blood_type")]
    [InlineData("/api/history?metric=heart_rate&minutes=0")]
    [InlineData("/api/history?metric=heart_rate&every=1")]
    public async Task A_wrong_question_is_refused(string path)
    {
        using var answer = await _browser.GetAsync(path);

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task A_trend_is_what_was_stored()
    {
        var now = TimeProvider.System.GetUtcNow();
        var lines = new ArrayBufferWriter<byte>();
        for (var i = 0; i < 10; i++)
            LineProtocol.Append(Points.Of(i, time: Timestamp.From(now.AddSeconds(-60 - i % 2))), lines);
        await File.WriteAllBytesAsync(Path.Combine(_ward.Folder, "vitals-20260701T080000000Z-00000001.lp"), lines.WrittenSpan.ToArray());

        using var answer = JsonDocument.Parse(await _browser.GetStringAsync("/api/history?metric=heart_rate&patient=P1&minutes=5&every=60"));

        var series = answer.RootElement.GetProperty("series").EnumerateArray().Single();
        Assert.Equal(("P1", "ecg", "heart_rate"), (series.GetProperty("patient").GetString(), series.GetProperty("signal").GetString(), series.GetProperty("metric").GetString()));
        Assert.InRange(series.GetProperty("means")[0].GetDouble(), 64, 65);
        Assert.Equal(60, answer.RootElement.GetProperty("everySeconds").GetDouble());
    }

    private static Dictionary<string, string> TextsOf(string language) =>
        JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllText(Path.Combine(Folder, "texts", $"{language}.json")))!;

    [GeneratedRegex("""(?:src="|from "|rel="[a-z]+" href=")([^"]+)""")]
    private static partial Regex Asked();

    [GeneratedRegex("""(?:data-text="|\btext\(")([^"]+)""")]
    private static partial Regex Used();

    [GeneratedRegex("""\{\w+\}""")]
    private static partial Regex Holes();
}
