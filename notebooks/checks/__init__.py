"""The checks of the exercises, a module for each lesson; how they are made stands in core.py."""

from checks import core
from checks.core import Result, keep
from checks.lesson_01 import check_add_noise, check_alpha_bar, check_expected_error, check_step_back, check_weights
from checks.lesson_02 import (
    check_ddpm_step,
    check_diversity,
    check_memory,
    check_posterior,
    check_sample_loop,
    check_x0,
)
from checks.lesson_03 import check_attend, check_block, check_down_and_up, check_time_embedding, check_unet
from checks.lesson_04 import check_ask, check_ema, check_learn, check_middle, check_v
from checks.lesson_05 import check_away, check_drop, check_guided, check_mixtures
from checks.lesson_06 import check_ddim_step, check_invert, check_look_ahead, check_noisy_step, check_times
from checks.lesson_07 import check_amount, check_amounts, check_corrupt, check_idle, check_walk_step
from checks.lesson_08 import check_best_variance, check_kl, check_last_step, check_posterior_weights, check_price
from checks.lesson_08b import check_between, check_from_previous, check_hybrid, check_practise
from checks.lesson_09 import check_langevin, check_log_class, check_pull, check_score, check_steer
from checks.lesson_10 import check_copied, check_families, check_flip, check_square, check_take_over
from checks.lesson_10b import (
    check_clipped_ddim,
    check_flow_answer,
    check_level_index,
    check_library_walk,
    check_trained_betas,
)
from checks.lesson_11 import check_aim, check_euler_step, check_heun_step, check_jumps, check_straight, check_velocity
from checks.lesson_12 import (
    check_clipped_step,
    check_diagnose,
    check_question,
    check_unsteady,
    check_walk,
    check_white_test,
)
from checks.lesson_13 import check_bag, check_cross_attend, check_obeyed, check_tokens_of, check_word_map
from checks.lesson_14 import check_go_back, check_keep_outside, check_lend, check_only_row, check_start_from
from checks.lesson_15 import (
    check_autoencoder_loss,
    check_dit_block,
    check_flow_question,
    check_joint_attention,
    check_scale_of,
    check_to_tokens,
)

for _name, _check in list(globals().items()):  # each check notes what has passed, so that `keep` knows
    if _name.startswith("check_"):
        globals()[_name] = core.remembers(_check)
