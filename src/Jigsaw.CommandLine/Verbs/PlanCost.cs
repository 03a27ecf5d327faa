using Jigsaw.Passes;

namespace Jigsaw.CommandLine.Verbs;

/// <summary>What a step costs, on average over the steps of a plan: passes forward and backward of the base.</summary>
/// <param name="Forwards">Passes that run.</param>
/// <param name="Backwards">Passes that a gradient flows through; through a frozen base it costs about as much as a forward.</param>
internal sealed record PlanCost(double Forwards, double Backwards)
{
    /// <summary>The cost of a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="cached">True if the teacher's clean pass is read from a cache.</param>
    internal static PlanCost Of(LossPlan plan, bool cached = false)
    {
        var period = plan.Intervals.Values.Aggregate(1L, LeastCommonMultiple);
        var (forwards, backwards) = (0L, 0L);
        for (var step = 0L; step < period; step++)
        {
            var passes = plan.At(step).Passes.Where(pass => !cached || pass.Pass != Pass.TeacherClean).ToArray();
            forwards += passes.Length;
            backwards += passes.Count(pass => pass.Gradient != GradientFlow.None);
        }

        return new PlanCost(forwards / (double)period, backwards / (double)period);
    }

    private static long LeastCommonMultiple(long left, int right)
    {
        var (a, b) = (left, (long)right);
        while (b != 0)
        {
            (a, b) = (b, a % b);
        }

        return left / a * right;
    }
}
