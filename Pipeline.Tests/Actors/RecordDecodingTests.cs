using Pipeline.Actors;
using Pipeline.Actors.Stages;
using Pipeline.Models.Signals;
using Pipeline.Tests.Support;
using Xunit;
using Barrier = Pipeline.Actors.Barrier;

namespace Pipeline.Tests.Actors;

public sealed class RecordDecodingTests
{
    private static readonly byte[] Good = [1], Bad = [2], Thrower = [3];

    [Fact]
    public void A_record_that_is_refused_or_on_which_the_decoder_throws_is_a_dead_letter_and_the_others_are_chunks()
    {
        var batch = new RecordBatch([Raw(5, Good), Raw(6, Bad), Raw(7, Thrower), Raw(8, Good)], 0);

        var decoded = new RecordDecoding("samples", 3, Decode).Decode(batch);

        Assert.Same(batch, decoded);
        Assert.Equal([true, false, false, true], batch.Records.Select(record => record.Chunk is not null));
        var (refused, thrown) = (batch.Records[1].Refused!, batch.Records[2].Refused!);
        Assert.Equal(("decode", "no good", new Origin("samples", 3, 6)), (refused.Stage, refused.Reason, refused.Origin));
        Assert.Equal(("decode", "the decoder throws FormatException: bytes", new Origin("samples", 3, 7)), (thrown.Stage, thrown.Reason, thrown.Origin));
        Assert.Equal(new byte[] { 9 }, thrown.Key.ToArray());
        Assert.Equal(Thrower, thrown.Payload.ToArray());
    }

    [Fact]
    public void What_comes_decoded_and_barriers_pass_as_they_are()
    {
        var decoding = new RecordDecoding("samples", 3, Decode);
        var (chunk, barrier) = (new ShardRecord(5, Chunks.Of(0, 10)), new Barrier(isLast: false));
        var batch = new RecordBatch([chunk], 0);

        Assert.Same(barrier, decoding.Decode(barrier));
        Assert.Same(chunk.Chunk, ((RecordBatch)decoding.Decode(batch)).Records[0].Chunk);
    }

    private static ShardRecord Raw(long offset, byte[] payload) => new(offset, null, Payload: payload, Key: new byte[] { 9 });

    private static SampleChunk? Decode(ReadOnlySpan<byte> key, ReadOnlyMemory<byte> payload, out string? refused)
    {
        refused = payload.Span[0] == Bad[0] ? "no good" : null;
        if (payload.Span[0] == Thrower[0])
            throw new FormatException("bytes");
        return refused is null ? Chunks.Of(0, 10) : null;
    }
}
