namespace Pipeline.Host.Influx;

/// <summary>
/// Which lines of a block are sent next, and which the server refuses for good: what it names is taken out, a set of which it only counts the refused lines
/// is halved until they are found. No I/O; one thread, one block at a time.
/// </summary>
internal sealed class LineSearch
{
    private readonly Stack<int[]> _toSend = new();

    /// <summary>A block of <paramref name="count"/> lines is to be stored, at most <paramref name="most"/> of them at a time.</summary>
    public void Begin(int count, int most)
    {
        _toSend.Clear();
        PushParts([.. Enumerable.Range(0, count)], most);
    }

    /// <summary>Takes the next lines to send: indices into the block, ascending. False when every line is stored or refused.</summary>
    public bool TryNext(out int[] lines) => _toSend.TryPop(out lines!);

    /// <summary>What the server answered about some lines, which is not that they are to be sent again. Returns the lines that it refuses, with its reason.</summary>
    public IReadOnlyList<NamedLine> Note(InfluxAnswer answer, int[] lines)
    {
        switch (answer.Kind)
        {
            case AnswerKind.Stored:
                return [];
            case AnswerKind.Named:
                // Version 1 has stored the others already; writing them again changes nothing.
                var rest = lines.Except(answer.Named.Select(line => line.Index)).ToArray();
                if (rest.Length > 0)
                    _toSend.Push(rest);
                return answer.Named;
            case AnswerKind.Partial when lines.Length == 1 || answer.Dropped >= lines.Length:
            case AnswerKind.TooLarge when lines.Length == 1:
                return [.. lines.Select(line => new NamedLine(line, answer.Detail))];
            default:
                PushParts(lines, (lines.Length + 1) / 2);
                return [];
        }
    }

    private void PushParts(int[] lines, int length)
    {
        foreach (var part in lines.Chunk(Math.Max(1, length)).Reverse())
            _toSend.Push(part);
    }
}
