namespace Pipeline.Tests.Kafka;

/// <summary>What goes wrong with bytes: bits flipped, bytes replaced, cut off, put in, doubled, another's end.</summary>
internal static class Mutation
{
    private static readonly byte[] Telling = [0, 1, 0x7F, 0x80, 0xFF, 0x0A, 0x12, 0x42];

    public static byte[] Of(byte[] original, Random random)
    {
        var bytes = new List<byte>(original);
        for (var changes = 1 + random.Next(3); changes > 0 && bytes.Count > 0; changes--)
        {
            // Half of them near the front, where the structure is.
            var at = random.Next(random.Next(2) == 0 ? Math.Min(40, bytes.Count) : bytes.Count);
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = Telling[random.Next(Telling.Length)];
                    break;
                case 2:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(1 + random.Next(8), bytes.Count - at));
                    break;
                case 4:
                    bytes.InsertRange(at, Enumerable.Range(0, 1 + random.Next(8)).Select(_ => (byte)random.Next(256)).ToArray());
                    break;
                case 5:
                    bytes.AddRange(bytes.GetRange(at, Math.Min(1 + random.Next(40), bytes.Count - at)));
                    break;
                default:
                    bytes[at] = (byte)random.Next(256);
                    break;
            }
        }
        return [.. bytes];
    }
}
