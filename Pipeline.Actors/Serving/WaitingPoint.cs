using Pipeline.Actors.Inference;
using Pipeline.Models.Estimators;

namespace Pipeline.Actors.Serving;

/// <summary>
/// A point that is not given out yet: a network is asked about its window, or an earlier point of its patient waits. It is the place of its own
/// answer: <see cref="Next"/> links it into the <see cref="AnswerBox"/>, so an answer always has one.
/// </summary>
/// <param name="point">The point; its estimate is not valid while there is a question.</param>
/// <param name="question">What is asked; null when the estimate is known.</param>
internal sealed class WaitingPoint(VitalPoint point, RateQuestion? question)
{
    /// <summary>The point.</summary>
    public VitalPoint Point { get; } = point;

    /// <summary>What is asked; null when the estimate is known.</summary>
    public RateQuestion? Question { get; } = question;

    /// <summary>The record's value, for a dead letter about it.</summary>
    public ReadOnlyMemory<byte> Payload { get; set; }

    /// <summary>Keeps the record from being committed; set when the record is handled.</summary>
    public OffsetWatermark.Hold? Hold { get; set; }

    /// <summary>Who is asked; set when the record is handled.</summary>
    public ServedModel? Served { get; set; }

    /// <summary>Whether somebody watches.</summary>
    public InferencePriority Priority { get; set; }

    /// <summary>See <see cref="OutputBatch.EnteredAt"/>.</summary>
    public long EnteredAt { get; set; }

    /// <summary>The question under way; null before.</summary>
    public InferenceRequest? Request { get; set; }

    /// <summary>Whose point it is.</summary>
    public WaitingPoints? Patient { get; set; }

    /// <summary>The next one in the <see cref="AnswerBox"/>.</summary>
    public WaitingPoint? Next { get; set; }
}

/// <summary>
/// The points of one patient that wait, in the order of its windows. The first has a question, which is under way or is about to be; the others
/// wait behind it, whatever they are: a patient's points are given out in order. One thread.
/// </summary>
internal sealed class WaitingPoints
{
    private readonly List<WaitingPoint> _points = [];
    private int _head;

    /// <summary>Points that wait.</summary>
    public int Count => _points.Count - _head;

    /// <summary>Questions among them that were admitted; see <see cref="ShardQuestions"/>.</summary>
    public int QuestionCount { get; set; }

    /// <summary>Whether no more may wait; see <see cref="ShardQuestions"/>.</summary>
    public bool IsCrowded { get; set; }

    /// <summary>The point at place <paramref name="index"/>, from 0.</summary>
    public WaitingPoint this[int index] => _points[_head + index];

    /// <summary>Adds a point behind the others.</summary>
    public void Add(VitalPoint point, RateQuestion? question) => _points.Add(new WaitingPoint(point, question));

    /// <summary>Takes back what was added after there were <paramref name="count"/>.</summary>
    public void Truncate(int count) => _points.RemoveRange(_head + count, Count - count);

    /// <summary>Takes the first out.</summary>
    public WaitingPoint Dequeue()
    {
        var first = _points[_head++];
        if (_head == _points.Count || _head >= 32)
        {
            _points.RemoveRange(0, _head);
            _head = 0;
        }
        return first;
    }
}
