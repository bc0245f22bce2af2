using Pipeline.Models.Estimators.Ecg;

namespace Pipeline.Training.Qrs;

/// <summary>Candidates with the answer that is wanted, as rows of floats in one growing store.</summary>
internal sealed class QrsExamples
{
    /// <summary>Floats of a row.</summary>
    public const int RowLength = QrsNetworkInput.Count;

    private const int RowsPerBlock = 8192;
    private const double ScaleGuard = 0.05;
    private readonly List<float[]> _blocks = [];
    private readonly List<(bool IsBeat, float Weight, string Record)> _answers = [];

    /// <summary>Rows.</summary>
    public int Count => _answers.Count;

    /// <summary>A row.</summary>
    public ReadOnlySpan<float> Row(int index) => _blocks[index / RowsPerBlock].AsSpan(index % RowsPerBlock * RowLength, RowLength);

    /// <summary>Whether it is a beat, and how much it counts.</summary>
    public (bool IsBeat, float Weight) Answer(int index) => (_answers[index].IsBeat, _answers[index].Weight);

    /// <summary>Adds a row of <paramref name="record"/>.</summary>
    public void Add(ReadOnlySpan<float> row, bool isBeat, float weight, string record)
    {
        if (Count == _blocks.Count * RowsPerBlock)
            _blocks.Add(new float[RowsPerBlock * RowLength]);
        row.CopyTo(_blocks[^1].AsSpan(Count % RowsPerBlock * RowLength));
        _answers.Add((isBeat, weight, record));
    }

    /// <summary>The rows that are of none of <paramref name="held"/>.</summary>
    public int[] Without(IReadOnlySet<string> held) => [.. Enumerable.Range(0, Count).Where(i => !held.Contains(_answers[i].Record))];

    /// <summary>Mean, and scale (one over the standard deviation and a little), of every column of <paramref name="rows"/>.</summary>
    public (float[] Mean, float[] Scale) Moments(int[] rows)
    {
        double[] sum = new double[RowLength], squares = new double[RowLength];
        foreach (var i in rows)
        {
            var row = Row(i);
            for (var k = 0; k < RowLength; k++)
            {
                sum[k] += row[k];
                squares[k] += (double)row[k] * row[k];
            }
        }
        double count = rows.Length;
        var mean = Array.ConvertAll(sum, s => (float)(s / count));
        var scale = new float[RowLength];
        for (var k = 0; k < RowLength; k++)
            scale[k] = (float)(1 / (Math.Sqrt(Math.Max(0, squares[k] / count - sum[k] / count * (sum[k] / count))) + ScaleGuard));
        return (mean, scale);
    }
}
