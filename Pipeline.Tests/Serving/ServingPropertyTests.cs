using System.Globalization;
using Pipeline.Actors.Inference;
using Pipeline.Actors.Serving;
using Pipeline.Models.Features;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.Serving;

/// <summary>
/// A patient's series is that of the patient alone, bit for bit: whoever else is there, however chunks are cut and mixed, whatever batches
/// form, whichever shard is lost and restored from its checkpoint, whenever a new model comes. Real threads do the mixing. <c>PIPELINE_INTERLEAVINGS</c> says how many cases
/// are tried (200).
/// </summary>
public sealed class ServingPropertyTests : IDisposable
{
    private static readonly int CaseCount = int.Parse(Environment.GetEnvironmentVariable("PIPELINE_INTERLEAVINGS") ?? "200", CultureInfo.InvariantCulture);

    private readonly ManualTimeProvider _time = new();
    private readonly TestModels _versions = new();

    public void Dispose() => _versions.Dispose();

    [Fact]
    public async Task Every_series_equals_that_of_its_patient_alone()
    {
        using var first = _versions.Open("1");
        var pools = Enumerable.Range(0, 5).Select(i => Serve(first, new Random(i))).ToArray();

        await Parallel.ForEachAsync(Enumerable.Range(0, CaseCount), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (seed, _) =>
            await new InterleavingCase(seed, pools[seed % pools.Length], _time).RunAsync());

        foreach (var pool in pools)
            await pool.DisposeAsync();
    }

    [Fact]
    public async Task New_models_change_a_series_at_their_offsets_and_nowhere_else()
    {
        using var first = _versions.Open("1");
        using var second = _versions.Open("2");

        await Parallel.ForEachAsync(Enumerable.Range(0, Math.Max(20, CaseCount / 20)), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (seed, _) =>
        {
            await using var models = Serve(first, new Random(seed));
            await new InterleavingCase(seed, models, _time, [second, first]).RunAsync();
        });
    }

    private static NetworkRegistry Serve(RateModel first, Random random)
    {
        var options = new InferenceOptions
        {
            MaxBatch = random.Next(1, 9),
            Workers = random.Next(1, 4),
            QueueCapacity = 16,
            MaxDelay = random.Next(4) == 0 ? TimeSpan.FromMilliseconds(0.2) : TimeSpan.Zero,
        };
        return TestModels.Serve(first, options);
    }
}
