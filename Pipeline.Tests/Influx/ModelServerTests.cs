using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Pipeline.Actors;
using Pipeline.Host.Influx;
using Pipeline.Tests.Store;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Influx;

/// <summary>
/// A server that does what the tables say, and fails as it likes, by a seed. Whatever it does: at the end every good line is stored, every bad one is
/// a dead letter once, and nothing is both.
/// </summary>
public sealed class ModelServerTests
{
    [Fact]
    public void Every_point_ends_in_the_store_or_in_the_dead_letters_whatever_the_server_does()
    {
        var cases =
            from seed in ArbMap.Default.GeneratorFor<int>()
            from version1 in ArbMap.Default.GeneratorFor<bool>()
            from sizes in Gen.Choose(0, 40).NonEmptyListOf()
            from maxLines in Gen.Choose(1, 60)
            select (seed, version1, sizes.Take(10).ToArray(), maxLines);

        Prop.ForAll(cases.ToArbitrary(), one => HoldsAsync(one.seed, one.version1, one.Item3, one.maxLines).GetAwaiter().GetResult()).QuickCheckThrowOnFailure();
    }

    private static async Task<bool> HoldsAsync(int seed, bool version1, int[] sizes, int maxLines)
    {
        var server = new ModelServer(seed, version1);
        await using var sut = new SinkUnderTest((sent, _) => server.Answer(sent), options =>
            (options.Api, options.MaxLines, options.Connections) = (version1 ? InfluxApi.V1 : InfluxApi.V2, maxLines, 2));
        var first = 0L;
        var points = new List<VitalPoint>();
        var writes = new List<Task>();
        foreach (var size in sizes)
        {
            var batch = Points.Batch(Enumerable.Range(0, size).Select(i => Points.Of(first + i, ward: ModelServer.Wards[(first + i) * 7 % ModelServer.Wards.Length])));
            first += size;
            points.AddRange(batch.Points);
            writes.Add(sut.Sink.WriteAsync(batch, CancellationToken.None));
        }

        await Task.WhenAll(writes);

        var good = points.Where(point => point.Ward == "good").Select(point => point.Time.UnixNanoseconds).ToHashSet();
        var bad = points.Where(point => point.Ward != "good").Select(point => point.Origin.Offset).Order();
        return server.Stored.SetEquals(good) && sut.DeadLetters.DeadLetters.Select(letter => letter.Origin.Offset).Order().SequenceEqual(bad);
    }

    private sealed class ModelServer(int seed, bool version1)
    {
        public static readonly string[] Wards = ["good", "good", "good", "good", "good", "malformed", "good", "good", "conflict", "good", "old"];

        private readonly Lock _lock = new();
        private readonly Random _random = new(seed);
        private static readonly int[] Outages = [401, 404, 429, 500, 503];

        /// <summary>Times of the points that are stored.</summary>
        public HashSet<long> Stored { get; } = [];

        public HttpResponseMessage Answer(Sent sent)
        {
            lock (_lock)
            {
                var trouble = _random.Next(12);
                if (trouble is 0 or 1 or 2)
                    return StoreStub.Status(Outages[_random.Next(Outages.Length)]);
                if (trouble == 3)
                    throw new HttpRequestException("reset before it was read");
                if (sent.Lines.Length > 30)
                    return StoreStub.Status(413);
                var answer = Take(sent.Lines);
                return trouble == 4 ? throw new HttpRequestException("reset before it was answered") : answer;
            }
        }

        private HttpResponseMessage Take(string[] lines)
        {
            var malformed = lines.Where(line => Is(line, "malformed")).ToArray();
            if (malformed.Length > 0)
            {
                if (version1)
                    Store(lines.Where(line => Is(line, "good")));
                var message = string.Join('\n', malformed.Select(line => $"unable to parse '{line}': invalid field format"));
                return version1 ? Error(400, $"partial write: {message} dropped=0") : Error(400, message);
            }
            Store(lines.Where(line => Is(line, "good")));
            var (conflicts, old) = (lines.Count(line => Is(line, "conflict")), lines.Count(line => Is(line, "old")));
            var code = version1 ? 400 : 422;
            // Of two kinds only the first is told and counted.
            return conflicts > 0 ? Error(code, $"partial write: field type conflict: input field \"value\" on measurement \"vitals\" dropped={conflicts}")
                : old > 0 ? Error(code, $"partial write: points beyond retention policy dropped={old}")
                : StoreStub.Status(204);
        }

        private HttpResponseMessage Error(int code, string message) =>
            StoreStub.Status(code, version1 ? JsonSerializer.Serialize(new { error = message }) : JsonSerializer.Serialize(new { code = "invalid", message }));

        private void Store(IEnumerable<string> lines)
        {
            foreach (var line in lines)
                Stored.Add(NaiveLine.Parse(line).Time);
        }

        private static bool Is(string line, string ward) => line.StartsWith($"vitals,ward={ward},", StringComparison.Ordinal);
    }
}
