using Pipeline.Models.Estimators;
using Pipeline.Models.Estimators.Ecg;
using Pipeline.Models.Signals;
using Pipeline.Models.State;
using Pipeline.Tests.Support;
using Xunit;

namespace Pipeline.Tests.State;

/// <summary>Between two windows an ECG's state lies in bytes, and the objects that work with it serve other streams.</summary>
public sealed class PackedEcgTests
{
    [Fact]
    public void An_ECG_packed_between_windows_says_what_one_says_that_is_never_packed()
    {
        for (var seed = 200; seed < 240; seed++)
        {
            var (packed, unpacked) = (new PatientRun(), new PatientRun(UnpackedEcg.Stages));
            foreach (var chunk in RoughStream.Of(seed))
                Assert.Equal(unpacked.Take(chunk), packed.Take(chunk));
        }
    }

    [Fact]
    public void Streams_whose_windows_take_turns_on_one_thread_do_not_know_of_each_other()
    {
        var beds = SimulatedChunks.Of(beds: 3, seconds: 40).Where(chunk => chunk.Device == "ecg").GroupBy(chunk => chunk.Patient.Value).Select(bed => bed.ToList()).ToArray();
        var alone = beds.Select(bed => Said(new PatientRun(), bed)).ToArray();

        var together = beds.Select(_ => (Run: new PatientRun(), Said: new List<string>())).ToArray();
        for (var i = 0; i < beds.Max(bed => bed.Count); i++)
            for (var bed = 0; bed < beds.Length; bed++)
                if (i < beds[bed].Count)
                    together[bed].Said.AddRange(together[bed].Run.Take(beds[bed][i]));

        Assert.Equal(alone, together.Select(bed => bed.Said));
    }

    [Fact]
    public void Nothing_of_the_stream_before_is_in_an_estimator_that_is_lent_to_the_next()
    {
        for (var seed = 240; seed < 280; seed++)
        {
            var used = new List<UnpackedEcg>();
            var run = new PatientRun(first =>
            {
                var stages = UnpackedEcg.Stages(first);
                used.AddRange(stages.OfType<UnpackedEcg>());
                return stages;
            });
            var fresh = new Dictionary<UnpackedEcg, byte[]>();
            foreach (var chunk in RoughStream.Of(seed))
            {
                run.Take(chunk);
                foreach (var stage in used.Except(fresh.Keys).ToList())
                    fresh.Add(stage, Written(new EcgStage(chunk.Channels, chunk.RateHz)));
            }

            foreach (var (stage, bytes) in fresh)
            {
                stage.Reset();
                Assert.Equal(bytes, Written(stage));
            }
        }
    }

    [Fact]
    public void Two_leads_keep_less_than_3_KiB_beside_their_samples()
    {
        var chunks = SimulatedChunks.Of(beds: 1, seconds: 60).Where(chunk => chunk.Device == "ecg").ToList();
        var samples = EcgForm.Of(chunks[0].Channels, chunks[0].RateHz).SampleBytes;
        var stage = new EcgStage(chunks[0].Channels, chunks[0].RateHz, Estimators.StageRun.Network);
        var run = new PatientRun(_ => [stage]);
        var longest = 0;

        foreach (var chunk in chunks)
        {
            run.Take(chunk);
            longest = Math.Max(longest, Written(stage).Length - samples);
        }

        Assert.InRange(longest, 1000, 3 * 1024);
    }

    private static byte[] Written(IWindowStage stage)
    {
        var transfer = new StateTransfer();
        transfer.BeginWriting(stage.StateVersion);
        stage.Transfer(transfer);
        return transfer.EndWriting();
    }

    private static List<string> Said(PatientRun run, List<SampleChunk> chunks) => [.. chunks.SelectMany(chunk => run.Take(chunk))];
}
