using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using Pipeline.Host.Telemetry;
using Xunit;

namespace Pipeline.Tests.Host;

/// <summary>Each test owns a meter, and looks only at its own families: other tests measure at the same time.</summary>
public sealed class PrometheusTextTests : IDisposable
{
    private readonly MetricsCollector _collector = new();
    private readonly Meter _meter = new("Pipeline.Tests." + nameof(PrometheusTextTests));

    public void Dispose()
    {
        _meter.Dispose();
        _collector.Dispose();
    }

    [Fact]
    public void A_counter_reads_as_the_sum_of_each_set_of_tags()
    {
        var chunks = _meter.CreateCounter<long>("t1.chunks", "{chunk}", "Chunks that came.");
        chunks.Add(2, new KeyValuePair<string, object?>("shard", 0));
        chunks.Add(3, new KeyValuePair<string, object?>("shard", 1));
        chunks.Add(5, new KeyValuePair<string, object?>("shard", 0));

        var samples = Scrape("t1_");

        Assert.Equal(7, samples["""t1_chunks_total{shard="0"}"""]);
        Assert.Equal(3, samples["""t1_chunks_total{shard="1"}"""]);
    }

    [Fact]
    public void Labels_with_quotes_backslashes_and_line_breaks_come_back_as_they_were()
    {
        const string Odd = "a\"b\\c\nd,e}=f";
        _meter.CreateCounter<long>("t2.odd").Add(1, new KeyValuePair<string, object?>("reason", Odd));

        var line = Text("t2_").Single(l => !l.StartsWith('#'));

        var (name, labels, value) = ParseSample(line);
        Assert.Equal("t2_odd_total", name);
        Assert.Equal(Odd, labels["reason"]);
        Assert.Equal(1, value);
    }

    [Fact]
    public void Buckets_of_a_histogram_are_cumulative_and_agree_with_a_naive_count()
    {
        double[] bounds = [0.01, 0.1, 1];
        double[] values = [0.001, 0.01, 0.0100001, 0.5, 1, 7, 0.05];
        var latency = _meter.CreateHistogram("t3.latency", "s", "Latency.", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });
        foreach (var value in values)
            latency.Record(value);

        var samples = Scrape("t3_");

        foreach (var bound in bounds)
            Assert.Equal(values.Count(v => v <= bound), samples[string.Create(CultureInfo.InvariantCulture, $$"""t3_latency_seconds_bucket{le="{{bound}}"}""")]);
        Assert.Equal(values.Length, samples["""t3_latency_seconds_bucket{le="+Inf"}"""]);
        Assert.Equal(values.Length, samples["t3_latency_seconds_count"]);
        Assert.Equal(values.Sum(), samples["t3_latency_seconds_sum"], 1e-9);
    }

    [Fact]
    public void An_observed_gauge_shows_what_it_reports_now_and_forgets_what_it_does_not()
    {
        var depths = new Dictionary<string, int> { ["a"] = 3, ["b"] = 4 };
        _meter.CreateObservableGauge("t4.depth", () => depths.Select(d => new Measurement<int>(d.Value, new KeyValuePair<string, object?>("shard", d.Key))));
        Assert.Equal(2, Scrape("t4_").Count);

        depths.Remove("a");

        var (name, value) = Assert.Single(Scrape("t4_"));
        Assert.Equal("""t4_depth{shard="b"}""", name);
        Assert.Equal(4, value);
    }

    [Fact]
    public void Every_line_of_the_whole_text_is_one_that_the_format_allows()
    {
        _meter.CreateUpDownCounter<int>("t5.in-flight").Add(-2);

        var text = PrometheusText.Write(_collector.Collect());

        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            if (line.StartsWith('#'))
                Assert.Matches("^# (HELP|TYPE) [a-zA-Z_][a-zA-Z0-9_]* ", line);
            else
                ParseSample(line);
        Assert.Contains("t5_in_flight -2\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_measurement_of_many_threads_is_lost()
    {
        var counter = _meter.CreateCounter<long>("t6.many");

        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < 5_000; i++)
                counter.Add(1, new KeyValuePair<string, object?>("tag", (i + thread) % 7));
        })));

        Assert.Equal(20_000, Scrape("t6_").Values.Sum());
    }

    private IEnumerable<string> Text(string prefix) => PrometheusText.Write(_collector.Collect())
        .Split('\n').Where(line => line.TrimStart('#').Contains(prefix, StringComparison.Ordinal));

    private Dictionary<string, double> Scrape(string prefix) => Text(prefix).Where(line => !line.StartsWith('#')).ToDictionary(
        line => line[..line.LastIndexOf(' ')], line => ParseSample(line).Value);

    /// <summary>A second reading of the format, character by character.</summary>
    private static (string Name, Dictionary<string, string> Labels, double Value) ParseSample(string line)
    {
        var at = 0;
        while (char.IsAsciiLetterOrDigit(line[at]) || line[at] == '_')
            at++;
        var name = line[..at];
        Assert.NotEmpty(name);
        var labels = new Dictionary<string, string>();
        if (line[at] == '{')
            do
            {
                var equals = line.IndexOf('=', at);
                var key = line[(at + 1)..equals];
                Assert.Equal('"', line[equals + 1]);
                var text = new StringBuilder();
                for (at = equals + 2; line[at] != '"'; at++)
                    text.Append(line[at] != '\\' ? line[at] : line[++at] == 'n' ? '\n' : line[at]);
                labels.Add(key, text.ToString());
                at++;
            }
            while (line[at] == ',');
        if (line[at] == '}')
            at++;
        Assert.Equal(' ', line[at]);
        var number = line[(at + 1)..];
        return (name, labels, number switch { "+Inf" => double.PositiveInfinity, "-Inf" => double.NegativeInfinity, _ => double.Parse(number, CultureInfo.InvariantCulture) });
    }
}
