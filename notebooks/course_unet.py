"""The course's Unet as a network of the diffusers library: settings are saved as JSON, weights as safetensors.

A pipeline saved with it carries this file; to load it, the folder of the course must be on Python's path.
"""

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.models.unets.unet_2d import UNet2DOutput

import diffusion_utilities as du


class CourseUnet(ModelMixin, ConfigMixin):
    """du.Unet, called as the library calls a network: net(x, i).sample with i = t - 1, where the course says t / T."""

    @register_to_config
    def __init__(self, in_channels=3, n_cfeat=5, widths=(32, 64, 96), attention=True, predicts="v", T=500,
                 sample_size=16):  # fmt: skip
        super().__init__()
        self.unet = du.Unet(in_channels, n_cfeat, widths, attention, predicts)

    def forward(self, sample, timestep, class_labels=None, return_dict=True):
        """sample (B, C, H, W); timestep: the index i, one or (B,); class_labels: numbers (B,), rows, or None."""
        t = (torch.as_tensor(timestep, device=sample.device).reshape(-1) + 1) / self.config.T
        answer = self.unet(sample, t.to(sample.dtype).expand(len(sample)), class_labels)
        return UNet2DOutput(sample=answer) if return_dict else (answer,)
