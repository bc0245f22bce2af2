using Pipeline.Host.Influx;
using Xunit;

namespace Pipeline.Tests.Influx;

public sealed class LineSearchTests
{
    [Fact]
    public void However_the_server_speaks_of_bad_lines_they_and_no_others_are_refused()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var count = random.Next(1, 60);
            var bad = Enumerable.Range(0, count).Where(_ => random.Next(7) == 0).ToHashSet();
            var (stored, refused) = (new HashSet<int>(), new List<int>());
            var search = new LineSearch();

            search.Begin(count, most: random.Next(1, 40));
            while (search.TryNext(out var lines))
            {
                var answer = Answer(lines, bad, random, stored);
                refused.AddRange(search.Note(answer, lines).Select(line => line.Index));
            }

            Assert.Equal(bad.Order(), refused.Order());
            Assert.Equal(Enumerable.Range(0, count).Except(bad), stored.Order());
        }
    }

    private static InfluxAnswer Answer(int[] lines, HashSet<int> bad, Random random, HashSet<int> stored)
    {
        var found = lines.Where(bad.Contains).ToList();
        var kind = found.Count == 0 ? AnswerKind.Stored : (AnswerKind)random.Next((int)AnswerKind.Named, (int)AnswerKind.TooLarge + 1);
        if (kind is AnswerKind.Stored or AnswerKind.Partial)
            stored.UnionWith(lines.Except(found));
        return new InfluxAnswer(kind, "", "") { Dropped = random.Next(found.Count + 1), Named = [.. found.Select(line => new NamedLine(line, ""))] };
    }
}
