using System.Runtime.InteropServices;

namespace Pipeline.Models.Packages;

/// <summary>
/// Finds out at which batch sizes a row's answer has the same bits whatever the batch and wherever the row lies in it. A runtime is free to
/// choose other kernels for other sizes, and to add in an order that depends on a row's address; which it does depends on the network and
/// the machine, so it is tried, on seeded rows.
/// </summary>
internal sealed class RowEquality
{
    private const int Seed = 20261101;
    private const int Windows = 3;      // the state of the third is no longer that of the start
    private const int Step = 7;         // rows move to other places from batch to batch

    private readonly IModelSession _session;
    private readonly float[][] _input;
    private readonly float[][] _state;

    /// <summary>Prepares as many seeded rows as the largest batch of <paramref name="session"/> has, each with a state of its
    /// own.</summary>
    public RowEquality(IModelSession session)
    {
        _session = session;
        var rows = session.BatchSizes[^1];
        var random = new Random(Seed);
        _input = [.. Enumerable.Range(0, rows).Select(_ => Row(random, session.InputLength))];
        _state = [.. Enumerable.Range(0, rows).Select(_ => new float[session.StateLength])];
        for (var window = 1; window < Windows; window++)
        {
            Compute([.. Enumerable.Range(0, rows)]);
            for (var i = 0; i < rows; i++)
                session.NextState.Slice(i * session.StateLength, session.StateLength).CopyTo(_state[i]);
        }
    }

    /// <summary>The largest size at which a row's place makes no difference, and all smaller ones that agree with it; the smallest alone if
    /// there is none.</summary>
    public int[] FindEqual()
    {
        var sizes = _session.BatchSizes;
        for (var largest = sizes.Count - 1; largest > 0; largest--)
        {
            var wanted = new byte[_input.Length][];
            for (var first = 0; first < wanted.Length; first += sizes[largest])
            {
                var rows = Enumerable.Range(first, sizes[largest]).Select(i => i % wanted.Length).ToArray();
                foreach (var (row, answer) in rows.Zip(Compute(rows)))
                    wanted[row] = answer;
            }
            if (IsEqual(sizes[largest], wanted))
                return [.. sizes.Take(largest + 1).Where(size => IsEqual(size, wanted))];
        }
        return [sizes[0]];
    }

    // Every row in batches of this size, among other neighbours and at other places than it had.
    private bool IsEqual(int size, byte[][] wanted)
    {
        for (var first = 0; first < _input.Length; first += size)
        {
            var chosen = Enumerable.Range(first, size).Select(i => i * Step % _input.Length).ToArray();
            var found = Compute(chosen);
            for (var i = 0; i < size; i++)
                if (!found[i].AsSpan().SequenceEqual(wanted[chosen[i]]))
                    return false;
        }
        return true;
    }

    private byte[][] Compute(int[] rows)
    {
        for (var i = 0; i < rows.Length; i++)
        {
            _input[rows[i]].CopyTo(_session.Input[(i * _session.InputLength)..]);
            _state[rows[i]].CopyTo(_session.State[(i * _session.StateLength)..]);
        }
        _session.Run(rows.Length);
        var answers = new byte[rows.Length][];
        for (var i = 0; i < rows.Length; i++)
            answers[i] =
            [
                .. MemoryMarshal.AsBytes(_session.Output.Slice(i * _session.OutputLength, _session.OutputLength)),
                .. MemoryMarshal.AsBytes(_session.NextState.Slice(i * _session.StateLength, _session.StateLength)),
            ];
        return answers;
    }

    // Between 0 and 2, as spectra divided by their mean are.
    private static float[] Row(Random random, int length)
    {
        var row = new float[length];
        for (var i = 0; i < length; i++)
            row[i] = 2 * random.NextSingle();
        return row;
    }
}
