using Pipeline.Actors.Inference;
using Pipeline.Host.Networks;
using Pipeline.Models.Packages;
using Pipeline.Tests.Support;
using Pipeline.Training.Export;
using Xunit;

namespace Pipeline.Tests.Inference;

/// <summary>ONNX Runtime and the package that ships: what a row gives depends on that row alone, at every batch size that is used.</summary>
public sealed class RowIndependenceTests
{
    private const int MaxBatch = 64;
    private static readonly IReadOnlyList<int> Sizes = new InferenceOptions { MaxBatch = MaxBatch }.BatchSizes;

    [Fact]
    public void The_batch_sizes_are_powers_of_two_and_three_quarters_of_them_up_to_the_largest()
    {
        Assert.Equal([1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64], Sizes);
        Assert.Equal([1, 2, 4, 6, 8, 10], new InferenceOptions { MaxBatch = 10 }.BatchSizes);
        Assert.Equal([1], new InferenceOptions { MaxBatch = 1 }.BatchSizes);
    }

    [Fact]
    public void A_row_gives_the_same_bits_in_every_batch_and_at_every_place_of_it()
    {
        using var session = Open();
        var rows = new Rows(session, MaxBatch, seed: 1);
        var alone = Enumerable.Range(0, MaxBatch).Select(i => rows.Compute(session, [i])[0]).ToArray();

        foreach (var count in Enumerable.Range(1, MaxBatch))
        {
            var chosen = Enumerable.Range(0, count).Select(i => (i * 7 + count) % MaxBatch).ToArray();
            var together = rows.Compute(session, chosen);
            for (var i = 0; i < count; i++)
                Assert.True(alone[chosen[i]].SequenceEqual(together[i]), $"row {i} of {count} differs from the row alone");
        }
    }

    [Fact]
    public void A_row_of_NaN_or_infinity_leaves_the_bits_of_every_other_row_as_they_are()
    {
        using var session = Open();
        var rows = new Rows(session, MaxBatch, seed: 2);
        foreach (var size in Sizes)
            foreach (var bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
                foreach (var place in new[] { 0, size / 2, size - 1 }.Distinct())
                {
                    var all = Enumerable.Range(0, size).ToArray();
                    var clean = rows.Compute(session, all);
                    var spoilt = rows.Compute(session, all, place, bad);

                    Assert.Contains(spoilt[place], value => !float.IsFinite(BitConverter.UInt32BitsToSingle(value)));
                    for (var i = 0; i < size; i++)
                        Assert.True(i == place || clean[i].SequenceEqual(spoilt[i]), $"{bad} in row {place} of {size} changes row {i}");
                }
    }

    [Fact]
    public void A_session_drops_the_batch_sizes_at_which_rows_are_not_bit_equal()
    {
        var graph = new OnnxGraph("test");
        graph.Output("output", graph.Unary("Log", graph.Add(graph.Input("input", 85), graph.Scalar(0.01))), 85);

        using var session = new OnnxSession(graph.ToBytes(), Sizes);

        Assert.True(session.BatchSizes.Count < Sizes.Count, "ONNX Runtime's Log has become independent of its place: the exporter's way around it can go");
        Assert.Empty(session.BatchSizes.Except(Sizes));
    }

    [Fact]
    public void A_forward_pass_allocates_nothing()
    {
        using var session = Open();
        var rows = new Rows(session, MaxBatch, seed: 3);
        rows.Compute(session, [.. Enumerable.Range(0, MaxBatch)]);

        Assert.Equal(0, Allocation.Least(() =>
        {
            for (var i = 0; i < Sizes.Count; i++)
                session.Run(Sizes[i]);
        }));
    }

    private static IModelSession Open() =>
        ModelPackage.Load(Path.Combine(ModelCatalog.OwnFolder ?? throw new InvalidOperationException("models/ is not there"), "heart-rate")).Open(Sizes);

    /// <summary>Seeded rows; the states are those after three windows, so that the belief is no longer flat.</summary>
    private sealed class Rows
    {
        private readonly float[][] _input;
        private readonly float[][] _state;

        public Rows(IModelSession session, int count, int seed)
        {
            var random = new Random(seed);
            _input = [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, session.InputLength).Select(_ => 3 * random.NextSingle()).ToArray())];
            _state = [.. Enumerable.Range(0, count).Select(_ => new float[session.StateLength])];
            var output = new float[session.OutputLength];
            for (var window = 0; window < 3; window++)
                foreach (var (input, state) in _input.Zip(_state))
                    session.Forward(1, [.. input.Select(x => x * (1 + window))], state, output, state);
        }

        /// <summary>The bits of output and next state of each row.</summary>
        public uint[][] Compute(IModelSession session, int[] rows, int badRow = -1, float bad = 0)
        {
            for (var i = 0; i < rows.Length; i++)
            {
                _input[rows[i]].CopyTo(session.Input[(i * session.InputLength)..]);
                _state[rows[i]].CopyTo(session.State[(i * session.StateLength)..]);
                if (i == badRow)
                    session.Input.Slice(i * session.InputLength, session.InputLength).Fill(bad);
            }
            session.Run(rows.Length);
            var results = new uint[rows.Length][];
            for (var i = 0; i < rows.Length; i++)
                results[i] = Bits([.. session.Output.Slice(i * session.OutputLength, session.OutputLength), .. session.NextState.Slice(i * session.StateLength, session.StateLength)]);
            return results;
        }

        private static uint[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];
    }
}
